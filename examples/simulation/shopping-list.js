// SPDX-License-Identifier: MIT
// The application: a shopping list that several people share. Adding puts a value, and crossing off
// puts another one that names it: no value ever changes, so that nobody undoes what others did.
// It takes any DhtInterface, so the test gives it simulated nodes, and a program a DhtRunner.

/** @import { DhtInterface } from 'opendht' */

export class ShoppingList {
  #dht
  #key
  /** @type {Map<bigint, string>} */
  #added = new Map()
  /** @type {Set<bigint>} */
  #done = new Set()

  /**
   * @param {DhtInterface} dht
   * @param {string} name
   */
  constructor(dht, name) {
    this.#dht = dht
    this.#key = `example-shopping-list ${name}`
  }

  /** What is to be bought, in the order of the alphabet. */
  get items() {
    const open = [...this.#added].filter(([id]) => !this.#done.has(id))
    return open.map(([, text]) => text).sort()
  }

  /**
   * Permanent: it stays for as long as one of those who added it runs.
   * @param {string} text
   */
  async add(text) {
    await this.#put({ add: text })
  }

  /** @param {string} text */
  async crossOff(text) {
    const ids = [...this.#added].filter(([id, it]) => it === text && !this.#done.has(id))
    await Promise.all(ids.map(([id]) => this.#put({ done: `${id}` })))
  }

  /** Keeps `items` up to date until the node is closed. */
  async follow() {
    for await (const { value, expired } of this.#dht.listen(this.#key)) {
      const entry = parse(value.data)
      if (entry?.add !== undefined) {
        if (expired) this.#added.delete(value.id)
        else this.#added.set(value.id, String(entry.add))
      } else if (!expired && /^\d{1,20}$/.test(entry?.done)) {
        this.#done.add(BigInt(entry.done))
      }
    }
  }

  /** @param {{ add: string } | { done: string }} entry */
  async #put(entry) {
    await this.#dht.put(this.#key, JSON.stringify(entry), { permanent: true })
  }
}

/** @param {Uint8Array} data */
function parse(data) {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
}
