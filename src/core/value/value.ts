// SPDX-License-Identifier: MIT
// What the network stores: a typed, optionally signed or encrypted piece of data with an id that is
// unique under its key (spec values, section 1). Immutable after construction.

import { sha1 } from '@noble/hashes/legacy.js'
import { InfoHash } from '../id/info-hash.ts'
import { EMPTY_BYTES, equalBytes, utf8 } from '../util/bytes.ts'

/** 64-bit id of a value under its key; 0 means "to be chosen". */
export type ValueId = bigint

/** The greatest id that a value can have: 2^64 - 1. */
export const MAX_VALUE_ID: ValueId = 0xffff_ffff_ffff_ffffn

/** What a value is made of. */
export interface ValueInit {
  /** 0 … 2^64-1; 0 (default) lets the put draw one at random. */
  id?: ValueId | undefined
  /** Value type, 0 … 65535; default 0, "user data". */
  type?: number | undefined
  data?: Uint8Array | undefined
  /** MIME-like tag that the application chooses; default none. */
  userType?: string | undefined
  /** DER SubjectPublicKeyInfo of the signer. */
  owner?: Uint8Array | undefined
  /** Key id of the recipient; only travels together with an owner. */
  recipient?: InfoHash | undefined
  /** Revision of a signed value, 0 … 65535. */
  seq?: number | undefined
  signature?: Uint8Array | undefined
  /** Encrypted content; replaces everything but id, priority and push type. */
  cypher?: Uint8Array | undefined
  /** 0 high, 1 normal: a hint for push notifications. */
  priority?: number | undefined
  pushType?: string | undefined
}

export class Value {
  readonly id: ValueId
  readonly type: number
  readonly data: Uint8Array
  readonly userType: string
  readonly owner: Uint8Array | undefined
  readonly recipient: InfoHash | undefined
  readonly seq: number
  readonly signature: Uint8Array
  readonly cypher: Uint8Array
  readonly priority: number
  readonly pushType: string
  /** Kept once it is known: a query by owner asks every value of a key. */
  #ownerId: InfoHash | undefined

  constructor(init: ValueInit = {}) {
    this.id = init.id ?? 0n
    this.type = init.type ?? 0
    this.data = init.data ?? EMPTY_BYTES
    this.userType = init.userType ?? ''
    this.owner = init.owner
    this.recipient = init.recipient
    this.seq = init.seq ?? 0
    this.signature = init.signature ?? EMPTY_BYTES
    this.cypher = init.cypher ?? EMPTY_BYTES
    this.priority = init.priority ?? 0
    this.pushType = init.pushType ?? ''
  }

  /** Whether its data can be read by the owner of a key alone. */
  get isEncrypted(): boolean {
    return this.cypher.length > 0
  }

  /** Whether it has an owner and a signature, be it right or wrong. */
  get isSigned(): boolean {
    return this.owner !== undefined && this.signature.length > 0
  }

  /** SHA-1 of the owner's public key; undefined without an owner. */
  get ownerId(): InfoHash | undefined {
    if (this.owner === undefined) return undefined
    this.#ownerId ??= InfoHash.fromBytes(sha1(this.owner))
    return this.#ownerId
  }

  /** Bytes that quotas count (spec values, section 5): not the owner, not the encoding. */
  get size(): number {
    return (
      this.cypher.length +
      this.data.length +
      this.signature.length +
      utf8Length(this.userType) +
      utf8Length(this.pushType)
    )
  }

  /** Same content, whatever the id (spec values, section 6): seq and recipient are not compared. */
  contentEquals(other: Value): boolean {
    if (this.isEncrypted || other.isEncrypted) return equalBytes(this.cypher, other.cypher)
    return (
      this.type === other.type &&
      this.userType === other.userType &&
      equalBytes(this.data, other.data) &&
      equalBytes(this.owner ?? EMPTY_BYTES, other.owner ?? EMPTY_BYTES) &&
      equalBytes(this.signature, other.signature)
    )
  }

  /** A copy with another id. */
  withId(id: ValueId): Value {
    return new Value({ ...this, id })
  }
}

function utf8Length(text: string): number {
  return text === '' ? 0 : utf8(text).length
}
