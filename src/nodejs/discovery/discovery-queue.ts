// SPDX-License-Identifier: MIT
// Found services that one reader did not take yet. They wait packed, since a few bytes of
// MessagePack can become many objects, and are read when they are taken. What does not fit is
// dropped: the network repeats what it says.

import type { ResultQueue } from '../../api/value-queue.ts'
import { WireError } from '../../core/errors.ts'
import type { SocketAddress } from '../../core/id/socket-address.ts'
import type { FoundService } from '../../discovery/discovery-engine.ts'
import { type MsgpackValue, unpackMsgpackValue } from '../../discovery/msgpack-value.ts'

/** An announcement of a service that is looked for. */
export interface DiscoveredService<T = MsgpackValue> {
  readonly service: string
  readonly payload: T
  /** Where it came from; the port is that of discovery, or any other, and of no further use. */
  readonly from: SocketAddress
  /** Name of the network interface, without which a link-local IPv6 address cannot be reached. */
  readonly zone: string | undefined
}

/** Undefined, or an error that is thrown, means that this is none: it is counted and left out. */
export type DecodePayload<T> = (payload: MsgpackValue) => T | undefined

export interface QueueCounters {
  /** Payloads that are no MessagePack that we support, or that `decode` does not want. */
  refused: number
  /** Dropped because their reader was too far behind. */
  overflowed: number
}

interface Waiting {
  readonly found: FoundService
  readonly zone: string | undefined
}

const MAX_WAITING = 1024
const MAX_WAITING_BYTES = 1024 * 1024

export class DiscoveryQueue<T> implements ResultQueue<DiscoveredService<T>> {
  readonly #decode: DecodePayload<T>
  readonly #counters: QueueCounters
  readonly #waiting = new Set<Waiting>()
  #bytes = 0

  constructor(decode: DecodePayload<T>, counters: QueueCounters) {
    this.#decode = decode
    this.#counters = counters
  }

  push(found: FoundService, zone: string | undefined): void {
    const { length } = found.payload
    if (this.#waiting.size >= MAX_WAITING || this.#bytes + length > MAX_WAITING_BYTES) {
      this.#counters.overflowed++
      return
    }
    this.#waiting.add({ found, zone })
    this.#bytes += length
  }

  take(): DiscoveredService<T> | undefined {
    for (const waiting of this.#waiting) {
      const { found, zone } = waiting
      this.#waiting.delete(waiting)
      this.#bytes -= found.payload.length
      const payload = this.#read(found.payload)
      if (payload !== undefined) return { service: found.name, payload, from: found.from, zone }
      this.#counters.refused++
    }
    return undefined
  }

  clear(): void {
    this.#waiting.clear()
    this.#bytes = 0
  }

  #read(packed: Uint8Array): T | undefined {
    let value: MsgpackValue
    try {
      value = unpackMsgpackValue(packed)
    } catch (error) {
      if (error instanceof WireError) return undefined
      throw error
    }
    try {
      return this.#decode(value)
    } catch {
      // Whoever expects a text and gets a number trips over it, and a neighbour must not be able
      // to end the loop that way.
      return undefined
    }
  }
}
