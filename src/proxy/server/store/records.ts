// SPDX-License-Identifier: MIT
// What the proxy keeps for clients that are not connected: subscriptions to keys, whose changes are
// pushed, and values that are announced for a day. Their texts in a database are here, too; those
// may be damaged, or of a newer version.

import { createHash } from 'node:crypto'
import { WireError } from '../../../core/errors.ts'
import { InfoHash } from '../../../core/id/info-hash.ts'
import { packedValue } from '../../../core/value/pack-value.ts'
import { unpackValueBytes } from '../../../core/value/unpack-value.ts'
import type { Value } from '../../../core/value/value.ts'

export type Platform = (typeof PLATFORMS)[number]

/** `none` is every platform that has no name of its own: upstream's clients without a platform. */
export const PLATFORMS = ['none', 'android', 'ios', 'unifiedpush', 'webpush'] as const

/** Whom to notify, as the client said. */
export interface PushTarget {
  readonly platform: Platform
  /** The device's push token, or the URL of its endpoint. */
  readonly token: string
  readonly clientId: string
  readonly sessionId: string
  readonly topic: string
  /** Texts for encryption: P-256 point and secret. Only with endpoints. */
  readonly keys?: { readonly p256dh: string; readonly auth: string } | undefined
}

interface KeptRecord {
  readonly key: InfoHash
  /** When it ends unless the client comes back, in ms since the epoch. */
  readonly expiresAt: number
  /** The client was told to come back. */
  readonly isNoticed: boolean
  /** Who made it, for limits per client. */
  readonly address: string
}

export interface SubscriptionRecord extends KeptRecord {
  readonly kind: 'listen'
  readonly target: PushTarget
}

export interface PutRecord extends KeptRecord {
  readonly kind: 'put'
  readonly value: Value
  /** Undefined when nobody is to be told that the end is near. */
  readonly target: PushTarget | undefined
}

export type StoredRecord = SubscriptionRecord | PutRecord
export type RecordKind = StoredRecord['kind']

/** Of records with equal ids, the latest counts. Begins with kind and key. */
export function recordId(record: StoredRecord): string {
  if (record.kind === 'put') return putId(record.key, record.value.id)
  return subscriptionId(record.key, record.target.token, record.target.clientId)
}

export function putId(key: InfoHash, valueId: bigint): string {
  return `put:${key}:${valueId}`
}

/** Tokens are long, and their lengths differ: a digest is as good. */
export function subscriptionId(key: InfoHash, token: string, clientId: string): string {
  return `listen:${key}:${digest([token, clientId]).slice(0, 32)}`
}

/**
 * Equal for puts under one key that are the same to a client that repeats itself without knowing
 * the value id: owner of the put and content as in `Value.contentEquals`.
 */
export function twinOf(key: InfoHash, value: Value, target: PushTarget | undefined): string {
  const content = value.isEncrypted
    ? [value.cypher]
    : [`${value.type}`, value.userType, value.data, value.owner ?? '', value.signature]
  return digest([`${key}`, target?.token ?? '', target?.clientId ?? '', ...content])
}

/** Bytes that limits count. */
export function recordBytes(record: StoredRecord): number {
  const { target } = record
  const texts = target === undefined ? 0 : target.token.length + target.clientId.length
  return record.kind === 'put' ? texts + record.value.size : texts
}

export function packRecord(record: StoredRecord): string {
  const { kind, key, expiresAt, isNoticed, address, target } = record
  const value =
    kind === 'put' ? Buffer.from(packedValue(record.value)).toString('base64') : undefined
  return JSON.stringify({ kind, key: `${key}`, expiresAt, isNoticed, address, target, value })
}

/** Returns undefined for what is not a record. */
export function unpackRecord(text: string): StoredRecord | undefined {
  try {
    const { kind, key: hex, expiresAt, isNoticed, address, target, value } = JSON.parse(text)
    const key = InfoHash.fromHex(hex)
    const isSound = Number.isSafeInteger(expiresAt) && typeof address === 'string'
    if (key === undefined || !isSound || typeof isNoticed !== 'boolean') return undefined
    const kept = { key, expiresAt, isNoticed, address, target: unpackTarget(target) }
    if (kind === 'put') {
      return { ...kept, kind, value: unpackValueBytes(Buffer.from(value, 'base64')) }
    }
    if (kind !== 'listen' || kept.target === undefined) return undefined
    return { ...kept, kind, target: kept.target }
  } catch (error) {
    const isDamage = error instanceof SyntaxError || error instanceof WireError
    if (isDamage || error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
}

function unpackTarget(target: Partial<PushTarget> | undefined): PushTarget | undefined {
  if (target === undefined) return undefined
  const { platform = 'none', token = '', clientId = '', sessionId = '', topic = '', keys } = target
  if (!PLATFORMS.includes(platform)) throw new RangeError(`no platform: ${platform}`)
  const given = keys === undefined ? undefined : { p256dh: `${keys.p256dh}`, auth: `${keys.auth}` }
  return {
    platform,
    token: `${token}`,
    clientId: `${clientId}`,
    sessionId: `${sessionId}`,
    topic: `${topic}`,
    keys: given,
  }
}

/** Hex. Each part is preceded by its length, so that parts cannot be shifted. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex')
}
