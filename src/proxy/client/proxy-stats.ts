// SPDX-License-Identifier: MIT
// Statistics in the form that nodes give them. A client of a proxy has no store and no datagrams of
// its own; the tables are those of the proxy's node, as far as it tells.

import type { DhtStats } from '../../core/snapshots.ts'
import { newStorageStats } from '../../core/storage/storage-types.ts'
import { NO_FAMILY, type ProxyInfo } from './proxy-info.ts'

export function toDhtStats(info: ProxyInfo | undefined, operations: number): DhtStats {
  return {
    ipv4: info?.ipv4 ?? NO_FAMILY,
    ipv6: info?.ipv6 ?? NO_FAMILY,
    storage: {
      keys: 0,
      values: 0,
      localValues: 0,
      remoteBytes: 0,
      localBytes: 0,
      listeners: 0,
      counters: newStorageStats(),
    },
    operations,
    messages: { in: {}, out: {} },
    requests: { pending: 0, expired: 0, repeated: 0, refused: 0, spurious: 0, queued: 0 },
    bytes: { sent: 0, received: 0, delayed: 0 },
    unproven: { shortened: 0, held: 0, served: 0 },
    putChecks: { kept: 0, lost: 0 },
    fragments: { sent: 0, partialMessages: 0, partialBytes: 0, timedOut: 0, refused: 0 },
    dropped: NOTHING_DROPPED,
  }
}

const NOTHING_DROPPED: DhtStats['dropped'] = {
  martian: 0,
  blocked: 0,
  malformed: 0,
  otherNetwork: 0,
  noSender: 0,
  ownId: 0,
  rateLimited: 0,
  overBudget: 0,
  flooding: 0,
  unexpected: 0,
  internal: 0,
  outboxFull: 0,
}
