// SPDX-License-Identifier: MIT
// Calls back when a signal aborts. All operations of one signal share one listener of it: runtimes
// warn about a leak from eleven listeners on, and a hundred puts under one signal are no leak.

const callbacks = new WeakMap<AbortSignal, Set<() => void>>()

/** `signal` must not be aborted yet. Returns a function that takes the callback back. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {}
  const own = callbacks.get(signal) ?? subscribe(signal)
  own.add(callback)
  return () => void own.delete(callback)
}

/** Settles like `promise`, unless the signal aborts before: then it rejects with its reason. */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise
  // Whatever comes of it after an abort, nobody waits for it.
  promise.catch(() => {})
  signal.throwIfAborted()
  let ignoreAbort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    ignoreAbort = onAbort(signal, () => reject(signal.reason))
  })
  return Promise.race([promise, aborted]).finally(ignoreAbort)
}

function subscribe(signal: AbortSignal): Set<() => void> {
  const own = new Set<() => void>()
  callbacks.set(signal, own)
  signal.addEventListener('abort', () => {
    for (const callback of own) callback()
  })
  return own
}
