// SPDX-License-Identifier: MIT
// How much a proxy keeps for clients that are not connected. -1 stands for no limit. What is over
// one is refused before anything is stored.

import { HttpError } from '../http-error.ts'
import type { ProxyStore } from './proxy-store.ts'
import { type RecordKind, recordBytes, type StoredRecord } from './records.ts'

export interface KeptLimits {
  /** Permanent puts, in all, of one client address, and the bytes of their values. */
  readonly maxPuts: number
  readonly maxPutsPerAddress: number
  readonly maxPutBytes: number
  /** Subscriptions, in all, of one client address, and the bytes of their tokens. */
  readonly maxSubscriptions: number
  readonly maxSubscriptionsPerAddress: number
  readonly maxSubscriptionBytes: number
}

export interface KeptRefusals {
  puts: number
  subscriptions: number
}

/** Many devices share the address of a mobile network. */
export const DEFAULT_KEPT_LIMITS: KeptLimits = {
  maxPuts: 100_000,
  maxPutsPerAddress: 10_000,
  maxPutBytes: 512 * 1024 * 1024,
  maxSubscriptions: 200_000,
  maxSubscriptionsPerAddress: 20_000,
  maxSubscriptionBytes: 128 * 1024 * 1024,
}

const WORDS: Record<RecordKind, string> = { put: 'permanent puts', listen: 'subscriptions' }

/** Throws TypeError or RangeError that names the wrong limit. */
export function checkKeptLimits(given: Partial<KeptLimits> = {}): KeptLimits {
  const limits = { ...DEFAULT_KEPT_LIMITS }
  for (const [name, value] of Object.entries(given)) {
    if (!(name in limits)) throw new TypeError(`limits of what is kept must not have ${name}`)
    if (value === undefined) continue
    if (!Number.isInteger(value) || value < -1) {
      throw new RangeError(`${name} must be an integer of at least -1: got ${String(value)}`)
    }
    limits[name as keyof typeof limits] = value
  }
  return limits
}

/**
 * Rejects with HttpError when there is no room for one more record, or for one that is larger than
 * the `known` one of its id.
 */
export async function checkRoom(
  store: ProxyStore,
  limits: KeptLimits,
  { record, known }: { record: StoredRecord; known: StoredRecord | undefined },
  refusals: KeptRefusals,
): Promise<void> {
  const { kind, address } = record
  const isPut = kind === 'put'
  const added = known === undefined ? 1 : 0
  const addedBytes = recordBytes(record) - (known === undefined ? 0 : recordBytes(known))
  // Nobody loses what they have because limits were lowered.
  if (added === 0 && addedBytes <= 0) return
  const { records, bytes, ofAddress } = await store.usage(kind, address)
  const perAddress = isPut ? limits.maxPutsPerAddress : limits.maxSubscriptionsPerAddress
  const most = isPut ? limits.maxPuts : limits.maxSubscriptions
  const mostBytes = isPut ? limits.maxPutBytes : limits.maxSubscriptionBytes
  const isMuch = added > 0 && isOver(ofAddress + 1, perAddress)
  const isTooMany = added > 0 && isOver(records + 1, most)
  if (!isMuch && !isTooMany && !isOver(bytes + addedBytes, mostBytes)) return
  if (isPut) refusals.puts++
  else refusals.subscriptions++
  const later = { 'Retry-After': '600' }
  const message = `At most ${perAddress} ${WORDS[kind]} per client address`
  if (isMuch) throw new HttpError(429, message, later)
  throw new HttpError(503, `This proxy cannot keep more ${WORDS[kind]}`, later)
}

function isOver(count: number, limit: number): boolean {
  return limit >= 0 && count > limit
}
