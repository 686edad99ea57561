// SPDX-License-Identifier: MIT
// Long work gives way to sockets and timers between its steps.

/** Resolves after everything that is ready to run had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
