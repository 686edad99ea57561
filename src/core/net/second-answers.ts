// SPDX-License-Identifier: MIT
// Requests that were repeated before their answer came. When another answer comes, none of the
// sends was lost, the first answer was to the first of them, and its round trip is known after all.

import type { SocketAddress } from '../id/socket-address.ts'
import type { Node } from './node.ts'
import type { Request } from './request.ts'

const MAX_AMBIGUOUS = 256

interface Ambiguous {
  readonly node: Node
  /** From the first send to the answer. */
  readonly ms: number
}

export class SecondAnswers {
  readonly #ambiguous = new Map<number, Ambiguous>()

  /** `node` answered `request`. */
  note(node: Node, request: Request, now: number): void {
    if (request.attempts === 1 || request.isFragmented || request.hasProgressed) return
    if (this.#ambiguous.size >= MAX_AMBIGUOUS) {
      this.#ambiguous.delete(this.#ambiguous.keys().next().value!)
    }
    this.#ambiguous.set(request.tid | 0, { node, ms: now - request.sentAt })
  }

  /** What an answer that nothing waits for tells, if it is the second one to a request. */
  take(tid: number, from: SocketAddress): Ambiguous | undefined {
    const known = this.#ambiguous.get(tid | 0)
    if (known === undefined || !known.node.address.equals(from)) return undefined
    this.#ambiguous.delete(tid | 0)
    return known
  }
}
