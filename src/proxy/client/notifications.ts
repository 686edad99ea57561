// SPDX-License-Identifier: MIT
// What a push notification of a proxy asks for (spec proxy, section 5.4). Push services turn some
// fields into text, so numbers are taken in both forms.

import { InfoHash } from '../../core/id/info-hash.ts'
import { MAX_VALUE_ID, type ValueId } from '../../core/value/value.ts'
import type { Listens } from './listens.ts'
import type { ProxyPuts } from './proxy-puts.ts'
import type { PushData, PushIdentity, PushOutcome } from './push.ts'

export interface NotifiedParts {
  /** Undefined without push. */
  readonly identity: PushIdentity | undefined
  readonly listens: Listens
  readonly puts: ProxyPuts
}

const MAX_IDS = 4096

/** Never rejects. */
export async function receiveNotification(
  data: PushData,
  parts: NotifiedParts,
): Promise<PushOutcome> {
  if (typeof data !== 'object' || data === null) return 'error'
  const { identity } = parts
  if (identity === undefined) return 'ignored'
  const to = text(data['to'])
  const session = text(data['s'])
  if (session !== undefined && session !== identity.sessionId) return 'wrong-session'
  if (to !== undefined && to !== identity.clientId) return 'wrong-session'
  if (data['timeout'] !== undefined) return onTimeout(data, parts)
  if (data['key'] !== undefined) return onKey(data, parts)
  return 'ignored'
}

function onTimeout(data: PushData, { listens, puts }: NotifiedParts): PushOutcome {
  const key = hash(data['timeout'])
  if (key === undefined) return 'error'
  if (data['vid'] !== undefined) {
    const id = valueId(data['vid'])
    if (id === undefined) return 'error'
    return puts.renew(key, id) ? 'put-refreshed' : 'ignored'
  }
  const subscription = listens.subscription(key)
  if (subscription === undefined) return 'ignored'
  subscription.renew()
  return 'listen-refreshed'
}

async function onKey(data: PushData, { listens }: NotifiedParts): Promise<PushOutcome> {
  const key = hash(data['key'])
  if (key === undefined) return 'error'
  const subscription = listens.subscription(key)
  if (subscription === undefined) return 'ignored'
  const time = Number(data['t'] ?? 0)
  if (!Number.isFinite(time)) return 'error'
  const expired = data['exp']
  if (expired !== undefined) {
    const ids = String(expired).split(',', MAX_IDS).map(valueId)
    if (ids.some((id) => id === undefined)) return 'error'
    return subscription.onExpired(ids as ValueId[], time) ? 'values-expired' : 'ignored'
  }
  try {
    await subscription.onChanged(time)
    return 'values'
  } catch {
    // It is said to have failed; the subscription goes on.
    return 'error'
  }
}

function text(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined
}

function hash(field: unknown): InfoHash | undefined {
  const key = typeof field === 'string' ? InfoHash.fromHex(field) : undefined
  return key?.isZero ? undefined : key
}

function valueId(field: unknown): ValueId | undefined {
  const digits = String(field).trim()
  if (!/^\d{1,20}$/.test(digits)) return undefined
  const id = BigInt(digits)
  return id > 0n && id <= MAX_VALUE_ID ? id : undefined
}
