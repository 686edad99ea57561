// SPDX-License-Identifier: MIT
// A signal that also fires after a time. AbortSignal.any over AbortSignal.timeout does not: Node.js
// 20 collects the timeout before it fires.

export interface Deadline {
  readonly signal: AbortSignal
  /** It is not needed any more. */
  clear(): void
}

/** Fires with `stop`, or after `ms` milliseconds. */
export function deadline(stop: AbortSignal, ms: number): Deadline {
  const end = new AbortController()
  const abort = (): void => end.abort(stop.reason)
  const timer = setTimeout(() => end.abort(), ms)
  stop.addEventListener('abort', abort, { once: true })
  if (stop.aborted) abort()
  const clear = (): void => {
    clearTimeout(timer)
    stop.removeEventListener('abort', abort)
  }
  return { signal: end.signal, clear }
}
