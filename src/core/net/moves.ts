// SPDX-License-Identifier: MIT
// Address changes of living nodes. Anybody can write any id into a request, so a good node keeps
// its address until the new one has answered a ping under that id.

import type { SocketAddress } from '../id/socket-address.ts'
import { Kind } from '../wire/message.ts'
import type { MessageEncoder } from '../wire/message-encoder.ts'
import type { Node } from './node.ts'
import { QuietHandler } from './request.ts'
import type { Requests } from './requests.ts'

/** Checks that run at a time; claims on top are ignored until one ends. */
const MAX_CHECKS = 64

export class Moves {
  readonly #requests: Requests
  readonly #encoder: MessageEncoder
  #running = 0
  /** Claims of a new address, and those that were ignored because too many were being checked. */
  claimed = 0
  ignored = 0

  constructor(requests: Requests, encoder: MessageEncoder) {
    this.#requests = requests
    this.#encoder = encoder
  }

  /**
   * Somebody at `claimed` uses the id of the good `node`. Asks that address once; the answer itself
   * moves the node (NetworkEngine), since it comes from an address that we asked.
   */
  verify(node: Node, claimed: SocketAddress, now: number): void {
    this.claimed++
    if (node.isMoving || this.#running >= MAX_CHECKS) {
      this.ignored++
      return
    }
    const request = this.#requests.send(
      {
        kind: Kind.Ping,
        // Not the node: its failure to answer there says nothing about the node.
        node: undefined,
        address: claimed,
        handler: new MoveCheck(this, node),
        encode: (writer, tid) => this.#encoder.ping(writer, tid),
        maxAttempts: 1,
      },
      now,
    )
    if (request === undefined) return
    node.isMoving = true
    this.#running++
  }

  end(node: Node): void {
    node.isMoving = false
    this.#running--
  }
}

class MoveCheck extends QuietHandler {
  readonly #moves: Moves
  readonly #node: Node
  constructor(moves: Moves, node: Node) {
    super()
    this.#moves = moves
    this.#node = node
  }
  override onReply(): void {
    this.#moves.end(this.#node)
  }
  override onError(): void {
    this.#moves.end(this.#node)
  }
  override onExpired(): void {
    this.#moves.end(this.#node)
  }
}
