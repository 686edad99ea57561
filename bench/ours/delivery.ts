// SPDX-License-Identifier: MIT
// How long a value takes from the one who puts it to the one who listens.

import type { DhtRunner } from '../../src/nodejs/entry.ts'
import { someBytes } from '../harness/driver.ts'

const LIMIT_MS = 10_000

/** One key, with somebody who listens to it and somebody who is going to put there. */
export class Delivery {
  readonly #key: string
  readonly #writer: DhtRunner
  readonly #heard = Promise.withResolvers<number>()

  constructor(key: string, listener: DhtRunner, writer: DhtRunner, signal: AbortSignal) {
    this.#key = key
    this.#writer = writer
    void this.#listen(listener, signal)
  }

  /** Milliseconds from put to delivery; undefined when it never came. */
  async measure(): Promise<number | undefined> {
    const start = performance.now()
    void this.#writer.put(this.#key, { data: someBytes(100, 1) }).catch(() => undefined)
    const timer = setTimeout(() => this.#heard.resolve(Number.NaN), LIMIT_MS)
    const at = await this.#heard.promise
    clearTimeout(timer)
    return Number.isNaN(at) ? undefined : at - start
  }

  async #listen(listener: DhtRunner, signal: AbortSignal): Promise<void> {
    try {
      for await (const { expired } of listener.listen(this.#key, { signal })) {
        if (!expired) this.#heard.resolve(performance.now())
      }
    } catch {
      // The signal ends it.
    }
  }
}
