// SPDX-License-Identifier: MIT
// Every notification that C++ proxies of both versions sent to a gateway, made anew from what it
// tells. Those of test/e2e/proxy-push.test.ts come through a whole proxy, but none of them expire.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { gatewayItem } from '../../src/proxy/server/push/gateway-item.ts'
import type { Notification, PushFormat } from '../../src/proxy/server/push/notification.ts'
import type { Platform } from '../../src/proxy/server/store/records.ts'
import { loadVectors } from '../support/vectors.ts'

interface Item {
  platform: number
  tokens: string[]
  topic?: string
  priority?: string
  android?: { priority: string }
  expiration?: number
  data: {
    key: string
    to: string
    s?: string
    t: number
    ids?: string
    pt?: string
    exp?: string
    pong?: boolean
  }
}

const FORMATS: [string, PushFormat][] = [
  ['2.4.12', '2.4'],
  ['4.3.1', '4.3'],
]

function notificationOf({ platform, tokens, topic, priority, android, data }: Item): Notification {
  const ids = (data.ids ?? data.exp ?? '0').split(',')
  const isUrgent = (priority ?? android?.priority) === 'high'
  const pushTypes = (data.pt ?? '').split(',')
  const values = ids.map((id, n) => ({
    id: BigInt(id),
    priority: isUrgent ? 0 : 5,
    pushType: pushTypes[n] ?? '',
  }))
  const names: Record<number, Platform> = { 1: 'ios', 2: 'android' }
  const target = {
    platform: names[platform]!,
    token: tokens[0]!,
    clientId: data.to,
    sessionId: data.s ?? '',
    topic: topic ?? '',
  }
  if (data.pong === true) return { target, event: { kind: 'ping' } }
  const key = InfoHash.fromHex(data.key)!
  const isExpiry = data.exp !== undefined
  return { target, event: { kind: 'values', key, values, isExpiry, at: data.t } }
}

for (const [version, format] of FORMATS) {
  suite(`notifications of ${version}`, () => {
    const { received } = loadVectors<{ received: { raw: string }[] }>(
      `proxy/push-gateway-${version}`,
    )
    const items = received
      .filter(({ raw }) => raw.startsWith('POST /api/push '))
      .flatMap(({ raw }) => JSON.parse(raw.split('\r\n\r\n')[1]!).notifications as Item[])

    test(`are as recorded, all ${items.length}`, () => {
      assert(items.some(({ data }) => data.exp !== undefined))
      for (const item of items) {
        // The lifetime begins with the second in which it was sent.
        const now = ((item.expiration ?? 86_400) - 86_400) * 1000
        assert.deepEqual(gatewayItem(notificationOf(item), format, now), item)
      }
    })
  })
}
