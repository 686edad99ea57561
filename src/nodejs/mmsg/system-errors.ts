// SPDX-License-Identifier: MIT
// Names of the system's errors.

/** `EAGAIN` and the like for a negative error number. */
export function errorText(result: number): string {
  return process.getBuiltinModule('node:util').getSystemErrorName(result)
}

/** An error as Node.js itself reports those of the system. */
export function systemError(call: string, result: number): NodeJS.ErrnoException {
  const code = errorText(result)
  return Object.assign(new Error(`${call} ${code}`), { code, errno: result, syscall: call })
}
