// SPDX-License-Identifier: MIT
// Datagrams that the socket has no room for at the moment, in order and within a limit.

import type { SocketAddress } from '../../core/id/socket-address.ts'
import { MAX_QUEUED_BYTES } from '../udp-common.ts'

export interface QueuedDatagram {
  readonly to: SocketAddress
  readonly bytes: Uint8Array
}

export class SendQueue {
  #datagrams: QueuedDatagram[] = []
  #bytes = 0
  readonly #maxBytes: number

  constructor(maxBytes = MAX_QUEUED_BYTES) {
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#datagrams.length
  }

  at(index: number): QueuedDatagram {
    return this.#datagrams[index]!
  }

  /** Copies `bytes`. False when too much waits already. */
  push(to: SocketAddress, bytes: Uint8Array): boolean {
    if (this.#bytes + bytes.length > this.#maxBytes) return false
    this.#bytes += bytes.length
    this.#datagrams.push({ to, bytes: bytes.slice() })
    return true
  }

  /** Forgets the first `count`. */
  drop(count: number): void {
    for (const { bytes } of this.#datagrams.splice(0, count)) this.#bytes -= bytes.length
  }
}
