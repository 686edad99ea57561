// SPDX-License-Identifier: MIT
// Timers as a port, so that tests decide when time passes.

/** Calls `action` once after a delay, unless the function that it returns is called before. */
export type Schedule = (action: () => void, delayMs: number) => () => void

export const realSchedule: Schedule = (action, delayMs) => {
  const timer = setTimeout(action, delayMs)
  return () => clearTimeout(timer)
}
