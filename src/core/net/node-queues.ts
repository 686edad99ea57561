// SPDX-License-Identifier: MIT
// How many requests may be under way at one node. Hundreds of operations on different keys ask the
// same few nodes in a small network, or around a popular key: sent all at once, they overrun the
// buffer of its socket, or what it grants one address, and everything is sent again. What is beyond
// the limit waits for an answer of that node, operation after operation in turn, so that one with
// thousands of requests holds nobody up. A request whose answer is overdue does not count. There is
// one limit for all nodes, as our own socket and processor set one, too: it rises while requests
// wait and answers come in time, and falls when they do not (RFC 5681 in outline).

import type { Node } from './node.ts'
import type { Request } from './request.ts'

/** Requests under way at one node whose answers are not overdue: at first and at least; at most. */
export const FIRST_UNDER_WAY = 64
export const MOST_UNDER_WAY = 512
/** The limit rises by so much while one node answers all that is under way there. */
const RISE = 8

/** By the operation that sends them, whose turn comes first in front. */
type Lines = Map<object, Set<Request>>

/** What waits is bounded by the number of pending requests. */
export class NodeQueues {
  /** Of nodes that somebody waits for: how many requests are under way, the node knows itself. */
  readonly #waiting = new Map<Node, Lines>()
  /** Those of them that can be asked again. */
  readonly #free = new Set<Node>()
  /** How many requests may be under way at a node, and when that was last cut. */
  #limit = FIRST_UNDER_WAY
  #cutAt = Number.NEGATIVE_INFINITY
  /** Requests that had to wait. */
  queued = 0

  /** True when `request` may be sent now; otherwise it comes out of `next` in its turn. */
  enter(node: Node, request: Request): boolean {
    const known = this.#waiting.get(node)
    if (known === undefined && node.underWay + 1 <= this.#limit) {
      admit(node, request)
      return true
    }
    const lines: Lines = known ?? new Map()
    if (known === undefined) this.#waiting.set(node, lines)
    const line = lines.get(request.flow)
    if (line === undefined) lines.set(request.flow, new Set([request]))
    else line.add(request)
    this.queued++
    return false
  }

  /**
   * `request`, sent to or waiting for `node`, does not count any more. True when others wait that
   * may come out of `next` now.
   */
  leave(node: Node, request: Request): boolean {
    if (request.isUnderWay) {
      request.isUnderWay = false
      node.underWay--
    }
    const lines = this.#waiting.get(node)
    if (lines !== undefined) {
      this.#drop(node, lines, request)
      if (lines.size > 0) this.#free.add(node)
    }
    return this.#free.size > 0
  }

  /** `node` answered `request`. */
  onAnswer(node: Node, { isLate }: Request): void {
    if (isLate || !this.#waiting.has(node)) return
    this.#limit = Math.min(MOST_UNDER_WAY, this.#limit + RISE / this.#limit)
  }

  /** The wait for the answer passed. True as of `leave`. */
  onLate(node: Node, request: Request, now: number): boolean {
    // At a node that is asked little, it is not the limit. What was lost together counts once.
    if (request.isUnderWay && node.underWay > FIRST_UNDER_WAY && request.sentAt >= this.#cutAt) {
      this.#cutAt = now
      this.#limit = Math.max(FIRST_UNDER_WAY, this.#limit / 2)
    }
    return this.leave(node, request)
  }

  /** The next request that may be sent; undefined when there is none. */
  next(): Request | undefined {
    for (const node of this.#free) {
      const request = this.#take(node)
      if (request !== undefined) return request
      this.#free.delete(node)
    }
    return undefined
  }

  /** What waits for `node`. */
  waitingFor(node: Node): Request[] {
    return [...(this.#waiting.get(node)?.values() ?? [])].flatMap((line) => [...line])
  }

  /** The first one of the operation whose turn it is, which then goes to the end. */
  #take(node: Node): Request | undefined {
    const lines = this.#waiting.get(node)
    if (lines === undefined || node.underWay + 1 > this.#limit) return undefined
    for (const [flow, line] of lines) {
      const [request] = line
      this.#drop(node, lines, request!)
      if (line.size > 0) {
        lines.delete(flow)
        lines.set(flow, line)
      }
      admit(node, request!)
      return request
    }
    return undefined
  }

  #drop(node: Node, lines: Lines, request: Request): void {
    const line = lines.get(request.flow)
    if (line?.delete(request) !== true || line.size > 0) return
    lines.delete(request.flow)
    if (lines.size === 0) this.#waiting.delete(node)
  }
}

function admit(node: Node, request: Request): void {
  node.underWay++
  request.isUnderWay = true
}
