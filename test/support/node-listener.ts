// SPDX-License-Identifier: MIT
// A running listen of one of our nodes, with everything that it has reported.

import type { DhtInterface, ListenOptions } from '../../src/api/dht-interface.ts'
import type { ValueEvent } from '../../src/api/value-queue.ts'
import { Watch } from './watch.ts'

const DEFAULT_TIMEOUT_MS = 20_000
const SHOWN_CHARS = 40

export interface EventPattern {
  readonly data: string | Uint8Array
  /** False by default. */
  readonly expired?: boolean
}

/** Ends with the node, or when it is closed. */
export class NodeListener {
  readonly events: ValueEvent[] = []
  readonly #watch = new Watch()
  readonly #abort = new AbortController()

  constructor(node: DhtInterface, key: string, options: ListenOptions = {}) {
    this.#read(node.listen(key, { ...options, signal: this.#abort.signal })).catch((error) =>
      this.#watch.fail(error as Error),
    )
  }

  /** The first event, past or future, that fits. */
  waitFor(pattern: EventPattern, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<ValueEvent> {
    const { data, expired = false } = pattern
    const wanted = Buffer.from(data)
    return this.#watch.until(
      () =>
        this.events.find((event) => event.expired === expired && wanted.equals(event.value.data)),
      timeoutMs,
      () => `our listener saw ${this.events.map(describe).join(', ') || 'nothing'}`,
    )
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(events: AsyncIterable<ValueEvent>): Promise<void> {
    for await (const event of events) {
      this.events.push(event)
      this.#watch.notify()
    }
  }
}

function describe({ value, expired }: ValueEvent): string {
  const data = Buffer.from(value.data).toString('latin1').slice(0, SHOWN_CHARS)
  return `${expired ? 'expired ' : ''}"${data}"`
}
