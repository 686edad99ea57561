// SPDX-License-Identifier: MIT
// How many requests may be under way at one node. Hundreds of operations on different keys ask the
// same few nodes in a small network, or around a popular key: sent all at once, they overrun the
// buffer of its socket, or what it grants one address, and everything is sent again. What is beyond
// the limit waits for an answer of that node, operation after operation in turn, so that one with
// thousands of requests holds nobody up. A request whose answer is overdue does not count.

import type { Node } from './node.ts'
import type { Request } from './request.ts'

/** Requests under way at one node whose answers are not overdue. */
export const MAX_UNDER_WAY = 64

interface Queue {
  /** By the operation that sends them, whose turn comes first in front. */
  readonly lines: Map<object, Set<Request>>
  underWay: number
}

/** What waits is bounded by the number of pending requests. */
export class NodeQueues {
  readonly #queues = new Map<Node, Queue>()
  /** Nodes that somebody waits for, and that can be asked again. */
  readonly #free = new Set<Node>()
  /** Requests that had to wait. */
  queued = 0

  /** True when `request` may be sent now; otherwise it comes out of `next` in its turn. */
  enter(node: Node, request: Request): boolean {
    const queue = this.#queues.get(node) ?? this.#create(node)
    if (queue.underWay < MAX_UNDER_WAY && queue.lines.size === 0) {
      this.#admit(queue, request)
      return true
    }
    const line = queue.lines.get(request.flow) ?? new Set()
    queue.lines.set(request.flow, line.add(request))
    this.queued++
    return false
  }

  /**
   * `request`, sent to or waiting for `node`, does not count any more. True when others wait that
   * may come out of `next` now.
   */
  leave(node: Node, request: Request): boolean {
    const queue = this.#queues.get(node)
    if (queue === undefined) return false
    if (request.isUnderWay) {
      request.isUnderWay = false
      queue.underWay--
    } else this.#drop(queue, request)
    if (queue.lines.size > 0) this.#free.add(node)
    else if (queue.underWay === 0) this.#queues.delete(node)
    return this.#free.size > 0
  }

  /** The next request that may be sent; undefined when there is none. */
  next(): Request | undefined {
    for (const node of this.#free) {
      const queue = this.#queues.get(node)
      const request = queue && this.#take(queue)
      if (request !== undefined) return request
      this.#free.delete(node)
    }
    return undefined
  }

  /** What waits for `node`. */
  waitingFor(node: Node): Request[] {
    return [...(this.#queues.get(node)?.lines.values() ?? [])].flatMap((line) => [...line])
  }

  #create(node: Node): Queue {
    const queue = { lines: new Map<object, Set<Request>>(), underWay: 0 }
    this.#queues.set(node, queue)
    return queue
  }

  #admit(queue: Queue, request: Request): void {
    queue.underWay++
    request.isUnderWay = true
  }

  /** The first one of the operation whose turn it is, which then goes to the end. */
  #take(queue: Queue): Request | undefined {
    if (queue.underWay >= MAX_UNDER_WAY) return undefined
    for (const [flow, line] of queue.lines) {
      const [request] = line
      this.#drop(queue, request!)
      if (line.size > 0) {
        queue.lines.delete(flow)
        queue.lines.set(flow, line)
      }
      this.#admit(queue, request!)
      return request
    }
    return undefined
  }

  #drop(queue: Queue, request: Request): void {
    const line = queue.lines.get(request.flow)
    if (line?.delete(request) === true && line.size === 0) queue.lines.delete(request.flow)
  }
}
