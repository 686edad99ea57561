// SPDX-License-Identifier: MIT
// Runs what belongs to the same key one after the other.

export class KeyLocks {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const result = before === undefined ? action() : before.then(action, action)
    this.#last.set(key, result)
    try {
      return await result
    } finally {
      if (this.#last.get(key) === result) this.#last.delete(key)
    }
  }
}
