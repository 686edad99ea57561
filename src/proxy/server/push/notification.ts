// SPDX-License-Identifier: MIT
// What a device is told: the `data` object of notifications, field by field as upstream's clients
// read it. Several changes of a key that wait for one device become one notification.

import type { InfoHash } from '../../../core/id/info-hash.ts'
import type { Value } from '../../../core/value/value.ts'
import type { PushTarget } from '../store/records.ts'

/** Upstream's versions differ: 2.4 has neither `ids` nor `pt`, and other items for the gateway. */
export type PushFormat = '4.3' | '2.4'

export type PushEvent =
  | {
      readonly kind: 'values'
      readonly key: InfoHash
      readonly values: readonly ChangedValue[]
      readonly isExpiry: boolean
      readonly at: number
    }
  /** The subscription, or the permanent put of `valueId`, needs to be renewed. */
  | { readonly kind: 'renewal'; readonly key: InfoHash; readonly valueId: bigint | undefined }
  /** Asked for, to see whether pushes arrive. */
  | { readonly kind: 'ping' }

export type ChangedValue = Pick<Value, 'id' | 'priority' | 'pushType'>

export interface Notification {
  readonly target: PushTarget
  readonly event: PushEvent
}

/** Ids that one notification lists; with more, the device reads the key anyway. */
export const MAX_IDS = 64
const MAX_PUSH_TYPES_LENGTH = 1024

/** Not wanted at once: renewals, expiries, and values that all say so. */
export function isUrgent({ kind, ...event }: PushEvent): boolean {
  if (kind === 'ping') return true
  if (!('values' in event) || event.isExpiry) return false
  return event.values.some(({ priority }) => priority === 0)
}

export function notificationData(
  { target, event }: Notification,
  format: PushFormat,
): Record<string, string | number | boolean> {
  const { clientId: to, sessionId: s } = target
  if (event.kind === 'ping') return { pong: true, to }
  if (event.kind === 'renewal') {
    const { key, valueId } = event
    const renewal = { s, timeout: `${key}`, to }
    return valueId === undefined ? renewal : { ...renewal, vid: `${valueId}` }
  }
  const { key, values, isExpiry, at: t } = event
  const ids = values.map(({ id }) => `${id}`).join(',')
  // With several, devices read the key again instead.
  const exp = isExpiry && values.length === 1 ? { exp: ids } : {}
  if (format === '2.4') return { ...exp, key: `${key}`, s, t, to }
  return { ...exp, ids, key: `${key}`, pt: pushTypes(values), s, t, to }
}

/** As many items as there are ids. Strangers choose them: long ones are not worth the message. */
function pushTypes(values: readonly ChangedValue[]): string {
  const text = values.map(({ pushType }) => pushType).join(',')
  return text.length <= MAX_PUSH_TYPES_LENGTH ? text : ','.repeat(values.length - 1)
}

/** Notifications of equal names can be merged while they wait. */
export function mergeName({ target, event }: Notification): string {
  const vid = event.kind === 'renewal' ? `${event.valueId ?? ''}` : ''
  const key = event.kind === 'ping' ? '' : `${event.key}`
  return JSON.stringify([event.kind, target.token, target.clientId, key, vid])
}

/** `later` has the same name. An expiry and a change are a change together: the key is read. */
export function merge(earlier: Notification, later: Notification): Notification {
  const [a, b] = [earlier.event, later.event]
  if (a.kind !== 'values' || b.kind !== 'values') return later
  const values = new Map([...a.values, ...b.values].map((it) => [it.id, it]))
  const latest = [...values.values()].slice(-MAX_IDS)
  const isExpiry = a.isExpiry && b.isExpiry
  return { target: later.target, event: { ...b, values: latest, isExpiry } }
}
