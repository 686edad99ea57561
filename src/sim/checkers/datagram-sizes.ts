// SPDX-License-Identifier: MIT
// Checker: no node sends a datagram that is larger than the network carries in one piece.

import type { SocketAddress } from '../../core/id/socket-address.ts'
import type { Checker } from '../checker.ts'
import { HEADER_BYTES } from '../medium.ts'
import { messageKind } from '../message-kind.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'

export class DatagramSizeChecker implements Checker {
  readonly name = 'datagram sizes'
  readonly #mtu: number
  /** Largest datagram so far, headers included. */
  largest = 0
  #network!: SimNetwork

  /** `mtu` is the size of an IP packet; default 1500. */
  constructor(mtu = 1500) {
    this.#mtu = mtu
  }

  start(network: SimNetwork): void {
    this.#network = network
  }

  onSent(from: SimNode, to: SocketAddress, bytes: Uint8Array): void {
    const size = bytes.length + HEADER_BYTES[to.family]
    if (size > this.largest) this.largest = size
    if (size <= this.#mtu) return
    const what = `${messageKind(bytes)} of ${bytes.length} bytes to ${to}`
    this.#network.fail(`Node ${from.index} sent a ${what}: above the MTU of ${this.#mtu}`)
  }
}
