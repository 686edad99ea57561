// SPDX-License-Identifier: MIT
// When to repeat an unanswered request and when to give it up (spec wire, section 11). The first
// wait comes from the round trips of the node; each further one is twice as long. Upstream waits a
// second, whatever the round trip; what is given up is given up no sooner than there.

import type { Family } from '../id/socket-address.ts'
import type { Random } from '../ports.ts'
import type { Node } from './node.ts'
import type { Request } from './request.ts'
import { RoundTrips, SharedRoundTrips } from './round-trips.ts'

/** A request is given up when it was sent so often and is unanswered for so long. */
const MIN_ATTEMPTS = 3
const PATIENCE_MS = 7000
/** Patience for a request that is sent only once. */
const BRIEF_PATIENCE_MS = 1000
/** A node that enters the network sends a request so many times before waits double. */
const ENTERING_ATTEMPTS = 3
/** Who takes so many usual waits is not waited for as long as there are others. */
const SLOW_WAITS = 3
/** Repetitions to many nodes at once spread over this part of the wait. */
const JITTER = 1 / 8
/** A lookup asks so many nodes for values rather than ids that one of them answers at once. */
const MAX_REDUNDANCY = 3
const ACCEPTED_MISSES = 1 / 2000
const MAX_LOSS = 1 / 2

export class RetryPolicy {
  readonly #random: Random
  readonly #shared = { 4: new SharedRoundTrips(), 6: new SharedRoundTrips() }

  constructor(random: Random) {
    this.#random = random
  }

  /** Wait after the attempt that was just made; `request.waitMs` is the one before it. */
  waitMs(request: Request, now: number): number {
    // Who is not known is the way into the network, or a peer that may have moved: a few pings to
    // one address flood nobody, and the doubled waits for lost ones would be seconds.
    const isFirst = request.attempts === 1 || request.node === undefined
    // Nor do those to the only nodes that are known, when there is nobody to ask in their place.
    const isEntering = request.attempts <= ENTERING_ATTEMPTS && this.#of(request).isNew
    const waitMs = isFirst || isEntering ? this.gapMs(request, now) : 2 * request.waitMs
    if (request.attempts < request.maxAttempts) return waitMs
    // The last wait makes up for those that were short.
    const patienceMs = request.maxAttempts === 1 ? BRIEF_PATIENCE_MS : PATIENCE_MS
    return Math.max(waitMs, request.sentAt + patienceMs - now)
  }

  /**
   * What is left of the wait of `request` by what is known now. What it was sent with may be the
   * estimate of a time when everything was slow: then it need not be sat out.
   */
  leftMs(request: Request, now: number): number {
    const { attempts, maxAttempts, isFragmented, hasProgressed, node, repeatedAt } = request
    if (hasProgressed || attempts >= maxAttempts) return 0
    if (!isFragmented) {
      // How long fragments are on their way, round trips do not tell.
      const doublings = node === undefined ? 0 : attempts - 1
      request.waitMs = Math.min(request.waitMs, this.gapMs(request, now) * 2 ** doublings)
    }
    return repeatedAt + request.waitMs - now
  }

  /** It has waited for much longer than answers of other nodes take. */
  isSlow({ sentAt, address }: Request, now: number): boolean {
    return now - sentAt >= SLOW_WAITS * this.usualWaitMs(address.family)
  }

  /** Time between two fragments of an answer after which something was lost. */
  gapMs({ node, address }: Request, now: number): number {
    return Math.ceil(this.#shared[address.family].waitMs(node?.roundTrips, now))
  }

  #of({ address }: Request): SharedRoundTrips {
    return this.#shared[address.family]
  }

  /** How long answers of nodes that nothing is known of are waited for. */
  usualWaitMs(family: Family): number {
    return this.#shared[family].usualWaitMs
  }

  /** What to add to a wait, so that the repetitions to many nodes do not leave at once. */
  jitterMs(waitMs: number): number {
    return this.#random.uint32() % Math.ceil(waitMs * JITTER)
  }

  /** Whether `request`, whose wait passed, is to be given up. */
  isHopeless(request: Request, now: number): boolean {
    if (request.attempts >= request.maxAttempts) return true
    return request.attempts >= MIN_ATTEMPTS && now >= request.sentAt + PATIENCE_MS
  }

  /** An answer came: `node`, which may have been unknown before, took so long. */
  onAnswer(node: Node, request: Request, now: number): void {
    const shared = this.#shared[node.family]
    const isKnown = node.roundTrips?.smoothedMs !== undefined
    if (isKnown && request.attempts === 1) shared.onFirstWait(false)
    // How long a message with fragments takes depends on its size.
    if (request.isFragmented || request.hasProgressed) return
    node.roundTrips ??= new RoundTrips()
    if (request.attempts === 1) shared.sample(node.roundTrips, now - request.sentAt, now)
    else shared.ambiguous(node.roundTrips, now - request.repeatedAt, now)
  }

  /** The first send to `node` was answered after `ms`, but it had been repeated by then. */
  onSpurious(node: Node, ms: number, now: number): void {
    node.roundTrips ??= new RoundTrips()
    this.#shared[node.family].sample(node.roundTrips, ms, now)
  }

  /** The first wait for the answer to `request` passed. */
  onLate({ node }: Request): void {
    if (node?.roundTrips?.smoothedMs === undefined) return
    this.#shared[node.family].onFirstWait(true)
  }

  /** Nodes of which one answers in time, as far as can be told from the last answers. */
  redundancy(family: Family): number {
    const { lateShare } = this.#shared[family]
    // So many are not lost: they are slow, and more of them would make that worse.
    if (lateShare > MAX_LOSS) return 1
    let count = 1
    for (let misses = lateShare; misses > ACCEPTED_MISSES; misses *= lateShare) {
      if (++count === MAX_REDUNDANCY) break
    }
    return count
  }
}
