// SPDX-License-Identifier: MIT
// Records for tests of stores, and a holder that remembers what it is told.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import { utf8 } from '../../src/core/util/bytes.ts'
import { Value } from '../../src/core/value/value.ts'
import type { RecordHolder } from '../../src/proxy/server/store/proxy-store.ts'
import {
  type PushTarget,
  type PutRecord,
  recordId,
  type StoredRecord,
  type SubscriptionRecord,
} from '../../src/proxy/server/store/records.ts'

export const DAY = 24 * 3600_000

export function target(token: string): PushTarget {
  return {
    platform: 'android',
    token,
    clientId: 'app',
    sessionId: 'session "1"',
    topic: 'a|b',
    keys: undefined,
  }
}

export function subscription(key: string, token = 'token'): SubscriptionRecord {
  return {
    kind: 'listen',
    key: InfoHash.get(key),
    target: target(token),
    expiresAt: 1_800_000_000_000,
    isNoticed: false,
    address: '192.0.2.1',
  }
}

export function put(key: string, id: bigint, text = 'data'): PutRecord {
  return {
    kind: 'put',
    key: InfoHash.get(key),
    value: new Value({ id, data: utf8(text), userType: 'text/plain' }),
    target: undefined,
    expiresAt: 1_800_000_000_000,
    isNoticed: false,
    address: '2001:db8:0:1',
  }
}

export class RememberingHolder implements RecordHolder {
  readonly held = new Map<string, StoredRecord>()
  /** Times that something was handed over or taken away. */
  changes = 0

  get ids(): string[] {
    return [...this.held.keys()].sort()
  }

  hold(record: StoredRecord): void {
    this.changes++
    this.held.set(recordId(record), record)
  }

  release(id: string): void {
    this.changes++
    this.held.delete(id)
  }
}
