// SPDX-License-Identifier: MIT
// Routes pushed updates to the registration that asked for them, by the socket id that we drew. A
// push counts only when it comes from the node, and the address, that we registered at.

import type { SocketAddress } from '../id/socket-address.ts'
import { readToken } from '../net/network-engine.ts'
import type { Node } from '../net/node.ts'
import type { Random } from '../ports.ts'
import type { Message } from '../wire/message.ts'
import { readValues } from '../wire/value-list.ts'
import type { Registration } from './listen-group.ts'

export class ListenSockets {
  readonly #random: Random
  readonly #open = new Map<number, Registration>()
  /** Pushes with an unknown socket id, or from somebody else than the node that has it. */
  unexpected = 0

  constructor(random: Random) {
    this.#random = random
  }

  get count(): number {
    return this.#open.size
  }

  /** Draws a socket id, never 0. Random: an id that can be guessed could be written to. */
  open(registration: Registration): number {
    for (;;) {
      const socketId = this.#random.uint32()
      if (socketId === 0 || this.#open.has(socketId)) continue
      this.#open.set(socketId, registration)
      return socketId
    }
  }

  close(socketId: number): void {
    this.#open.delete(socketId)
  }

  /** Whether a push with announced values is one that we asked for. */
  expects(message: Message, from: SocketAddress): boolean {
    const registration = this.#open.get(message.socketId)
    if (registration === undefined) return false
    const { node } = registration.member
    return node.id.equals(message.id) && node.address.equals(from)
  }

  /** A push of `node`. Throws WireError when its values do not parse. */
  onUpdate(message: Message, node: Node, from: SocketAddress, now: number): void {
    if (!this.expects(message, from)) {
      this.unexpected++
      return
    }
    const registration = this.#open.get(message.socketId)!
    if (node === registration.member.node) {
      node.token = readToken(message, node.token) ?? node.token
    }
    if (message.valueCount > 0) registration.report(readValues(message), now)
    if (message.refreshed !== undefined) registration.refresh(message.refreshed, now)
    if (message.expired !== undefined) registration.drop(message.expired)
  }
}
