// SPDX-License-Identifier: MIT
// What we know of one peer in one address family (spec node behaviour, section 2). One entry per
// (id, family), shared by routing table, searches, listeners and requests.

import { MAX_AUTH_ERRORS, NODE_EXPIRE_TIME_MS, NODE_GOOD_TIME_MS } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family, SocketAddress } from '../id/socket-address.ts'
import type { RoundTrips } from './round-trips.ts'

/** Long before any time of an engine. Not -Infinity, which takes a heap object in every field. */
export const NEVER = -(2 ** 30)
/** An address that has proved itself is believed in for so long. */
const PROOF_MS = NODE_GOOD_TIME_MS
/** A node that expired is not asked for so long, then twice as long, and so on. */
const FIRST_RETRY_MS = 10_000

export class Node {
  readonly id: InfoHash
  #address: SocketAddress
  /** Asks but does not serve: never listed to others, never used for storage. */
  isClient: boolean
  /** When any message of it was accepted, or NEVER. Milliseconds, engine clock. */
  lastSeenAt = NEVER
  /** When it last answered one of our requests. */
  lastReplyAt = NEVER
  /** When it last answered a request that was sent to its present address. */
  #provenAt = NEVER
  /** When we last answered one of its. */
  answeredAt = NEVER
  isExpired = false
  /** When it may be tried again though it expired, and how often that failed. */
  #retryAt = NEVER
  #failures = 0
  authErrors = 0
  /**
   * Write token of its last answer as a byte text (`toByteText`), good for any key; undefined
   * before that and after a 401.
   */
  token: string | undefined = undefined
  /** When it came with an answer to a find or get. */
  #tokenAt = NEVER
  /** Requests to it that wait for an answer. */
  pendingRequests = 0
  /** Those of them that its queue counts; owned by `NodeQueues`. */
  underWay = 0
  /** Those of them whose first wait passed, and when that last happened. */
  overdueRequests = 0
  overdueSince = NEVER
  /** Holders that keep this entry alive: buckets, searches, listeners, requests. */
  references = 0
  /** How long its answers take; undefined before the first one. */
  roundTrips: RoundTrips | undefined = undefined
  /** Never answered, and is listed by nobody: it only sent requests. Owned by the node cache. */
  isStranger = true
  /** Member of its family's routing table. */
  isInTable = false
  /** A ping runs that checks whether it really moved to another address. */
  isMoving = false
  /** Links of the node cache, oldest activity first; owned by it. */
  older: Node | undefined = undefined
  newer: Node | undefined = undefined

  constructor(id: InfoHash, address: SocketAddress, isClient: boolean) {
    this.id = id
    this.#address = address
    this.isClient = isClient
  }

  get address(): SocketAddress {
    return this.#address
  }

  /** It is elsewhere now; a new address has still to prove itself. */
  set address(address: SocketAddress) {
    const isSame = address === this.#address || address.equals(this.#address)
    if (!isSame) this.#provenAt = NEVER
    this.#address = address
  }

  get family(): Family {
    return this.#address.family
  }

  /** Whoever sends as this node from `address` gets what is sent there, and is no forger. */
  isProven(address: SocketAddress, now: number): boolean {
    if (this.#provenAt < now - PROOF_MS) return false
    return address === this.#address || address.equals(this.#address)
  }

  /** It has an answer of ours as a proof that we are where we say; with time to spare. */
  knowsUs(now: number): boolean {
    return this.answeredAt >= now - PROOF_MS / 2
  }

  /** Some message of it was accepted. */
  get hasBeenHeard(): boolean {
    return this.lastSeenAt > NEVER
  }

  /** Heard of within ten minutes. */
  isRecent(now: number): boolean {
    return this.lastSeenAt >= now - NODE_EXPIRE_TIME_MS
  }

  /** Heard of within ten minutes, and not found dead since. */
  isAlive(now: number): boolean {
    return !this.isExpired && this.isRecent(now)
  }

  /** Proved itself: replied within two hours, and is alive. */
  isGood(now: number): boolean {
    return this.lastReplyAt >= now - NODE_GOOD_TIME_MS && this.isAlive(now)
  }

  /** Expired and silent for ten minutes. */
  isRemovable(now: number): boolean {
    return this.isExpired && !this.isRecent(now)
  }

  /** Some request went unanswered for longer than usual, and nothing was heard since. */
  get isOverdue(): boolean {
    return this.overdueRequests > 0 && this.lastSeenAt < this.overdueSince
  }

  /** Sent us something after it last answered us. */
  get isIncoming(): boolean {
    return this.lastSeenAt > this.lastReplyAt
  }

  /** Any accepted message of it. */
  heardOf(now: number): void {
    this.lastSeenAt = now
    this.isExpired = false
  }

  /** An answer to one of our requests. */
  replied(now: number): void {
    this.lastSeenAt = now
    this.lastReplyAt = now
    this.#provenAt = now
    this.isExpired = false
    this.#failures = 0
  }

  /** It does not answer, or is of no use. */
  expire(now: number): void {
    this.isExpired = true
    this.#retryAt = now + Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, NODE_EXPIRE_TIME_MS)
  }

  /** Somebody lists it: after a while, and then less and less often, it gets another chance. */
  listed(now: number): void {
    if (this.isExpired && now >= this.#retryAt) this.isExpired = false
  }

  /** An answer to a find or get brought this token. */
  gave(token: string, now: number): void {
    this.token = token
    this.#tokenAt = now
  }

  /** Has given a token within ten minutes (spec wire, section 6): can be written to. */
  isWritable(now: number): boolean {
    return this.token !== undefined && !this.isExpired && this.#tokenAt > now - NODE_EXPIRE_TIME_MS
  }

  /**
   * A 401 to a request with `token`. True when that was one too many. Requests that were on their
   * way at the same time count once.
   */
  refused(token: string): boolean {
    if (this.token !== token) return false
    this.token = undefined
    this.authErrors++
    return this.authErrors > MAX_AUTH_ERRORS
  }

  /** Connectivity changed: nothing that we knew is proved any more. */
  forget(): void {
    this.isExpired = false
    this.lastReplyAt = NEVER
    this.#provenAt = NEVER
    this.lastSeenAt = NEVER
    this.roundTrips = undefined
    this.token = undefined
  }
}
