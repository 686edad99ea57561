// SPDX-License-Identifier: MIT
// Names of the system's errors.

import { getSystemErrorName } from 'node:util'

/** `EAGAIN` and the like for a negative error number. */
export function errorText(result: number): string {
  return getSystemErrorName(result)
}

/** An error as Node.js itself reports those of the system. */
export function systemError(call: string, result: number): NodeJS.ErrnoException {
  const code = errorText(result)
  return Object.assign(new Error(`${call} ${code}`), { code, errno: result, syscall: call })
}
