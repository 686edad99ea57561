// SPDX-License-Identifier: MIT
// Records the datagrams of a MiniNetwork, decoded, so that tests can count and look at them.

import { WireError } from '../../src/core/errors.ts'
import type { SocketAddress } from '../../src/core/id/socket-address.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { type Kind, Message } from '../../src/core/wire/message.ts'
import type { MiniNetwork } from './mini-network.ts'

export interface Packet {
  /** Virtual time of sending. */
  readonly at: number
  readonly from: SocketAddress
  readonly to: SocketAddress
  /** An object of its own for each packet, unlike the engine's. */
  readonly message: Message
  readonly bytes: Uint8Array
}

/** What to look for; what is left out does not matter. */
export interface Wanted {
  readonly from?: SocketAddress | undefined
  readonly to?: SocketAddress | undefined
  readonly kind?: Kind | undefined
  /** Virtual time from which on. */
  readonly since?: number | undefined
}

/** A message of its own; undefined for what is not one. */
export function decode(bytes: Uint8Array): Message | undefined {
  const message = new Message()
  try {
    decodeMessage(message, bytes)
    return message
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

export class Traffic {
  packets: Packet[] = []

  /** Records all that `net` sends from now on, or what `accept` accepts of it. */
  constructor(net: MiniNetwork, accept: (packet: Packet) => boolean = () => true) {
    net.onSend = (bytes, from, to) => {
      const message = decode(bytes)
      if (message === undefined) return
      const packet = { at: net.now, from, to, message, bytes }
      if (accept(packet)) this.packets.push(packet)
    }
  }

  clear(): void {
    this.packets = []
  }

  find({ from, to, kind, since }: Wanted): Packet[] {
    return this.packets.filter(
      (packet) =>
        (from === undefined || packet.from.equals(from)) &&
        (to === undefined || packet.to.equals(to)) &&
        (kind === undefined || packet.message.kind === kind) &&
        (since === undefined || packet.at >= since),
    )
  }

  count(wanted: Wanted): number {
    return this.find(wanted).length
  }
}
