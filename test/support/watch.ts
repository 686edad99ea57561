// SPDX-License-Identifier: MIT
// Waiting for something that arrives piecemeal: each piece re-examines all who wait.

interface Waiter {
  examine(): boolean
  fail(error: Error): void
}

/** Everyone who waits for a condition on a growing state. */
export class Watch {
  readonly #waiters = new Set<Waiter>()
  #failure: Error | undefined

  /** The state has changed. */
  notify(): void {
    for (const waiter of [...this.#waiters]) if (waiter.examine()) this.#waiters.delete(waiter)
  }

  /** Nothing will change any more: those who wait now or later get this error. */
  fail(error: Error): void {
    this.#failure ??= error
    for (const waiter of this.#waiters) waiter.fail(this.#failure)
    this.#waiters.clear()
  }

  /** The first result of `find` that is not undefined; `describe` explains a timeout. */
  until<T>(find: () => T | undefined, timeoutMs: number, describe: () => string): Promise<T> {
    const found = find()
    if (found !== undefined) return Promise.resolve(found)
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        examine: () => {
          const result = find()
          if (result === undefined) return false
          clearTimeout(timer)
          resolve(result)
          return true
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        reject(new Error(`nothing after ${timeoutMs} ms: ${describe()}`))
      }, timeoutMs)
      this.#waiters.add(waiter)
    })
  }
}

/** Asks again and again until the answer is true; for state that does not announce changes. */
export async function poll(
  ask: () => boolean | Promise<boolean>,
  timeoutMs: number,
  describe: string,
  intervalMs = 20,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${describe}`)
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}
