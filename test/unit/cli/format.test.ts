// SPDX-License-Identifier: MIT
// The expected lines are those of recorded sessions with C++ nodes, version 4.3.1.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatAgo, formatDuration } from '../../../src/cli/format/duration.ts'
import {
  formatFamilies,
  formatLongId,
  formatNode,
  formatReadiness,
  type NodeInfo,
} from '../../../src/cli/format/node-info.ts'
import { formatRoutingTable } from '../../../src/cli/format/routing-table.ts'
import { formatSearches } from '../../../src/cli/format/searches.ts'
import { formatSize } from '../../../src/cli/format/size.ts'
import { formatStorage } from '../../../src/cli/format/storage.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import type { DhtStats, FamilyStats, SearchSnapshot } from '../../../src/core/snapshots.ts'
import { utf8 } from '../../../src/core/util/bytes.ts'
import { Value } from '../../../src/core/value/value.ts'

const hash = (hex: string) => InfoHash.fromHex(hex)!
const local = (port: number) => SocketAddress.parse('127.0.0.1', port)!

describe('durations', () => {
  test('have three significant digits and the unit that fits', () => {
    const expected: [number, string][] = [
      [0.0603, '60.3 us'],
      [0.054, '54 us'],
      [0.174, '174 us'],
      [1.17, '1.17 ms'],
      [1.9, '1.9 ms'],
      [12.7, '12.7 ms'],
      [264.4, '264 ms'],
      [1312, '1.31 s'],
      [2000, '2 s'],
      [7012, '7.01 s'],
      [28_960, '29 s'],
      [90_000, '1.5 min'],
      [3_600_000, '1 h'],
      [71 * 3_600_000, '71 h'],
      [73 * 3_600_000, '3.04 days'],
      [1234 * 24 * 3_600_000, '1234 days'],
    ]
    for (const [ms, text] of expected) assert.equal(formatDuration(ms), text)
  })

  test('move on to the next unit when rounding reaches it', () => {
    assert.equal(formatDuration(0.9997), '1 ms')
    assert.equal(formatDuration(999.7), '1 s')
    assert.equal(formatDuration(59_990), '1 min')
  })

  test('of the past are told from now and never', () => {
    assert.equal(formatAgo(2000), '2 s ago')
    assert.equal(formatAgo(0), 'now')
    assert.equal(formatAgo(undefined), 'never')
    assert.equal(formatAgo(Number.POSITIVE_INFINITY), 'never')
  })
})

test('sizes from one kilobyte on are given twice', () => {
  assert.equal(formatSize(0), '0 B')
  assert.equal(formatSize(581), '581 B')
  assert.equal(formatSize(2123), '2.07 KB (2123 bytes)')
  assert.equal(formatSize(4302), '4.20 KB (4302 bytes)')
  assert.equal(formatSize(9209), '8.99 KB (9209 bytes)')
  assert.equal(formatSize(64 * 1024 * 1024), '64.00 MB (67108864 bytes)')
})

describe('the node block', () => {
  const idle: FamilyStats = {
    good: 0,
    dubious: 0,
    incoming: 0,
    cached: 0,
    searches: 1,
    tableDepth: 1,
    networkSize: 16,
  }
  const info: NodeInfo = {
    id: '34819269bacb196440c52c5fb51920c6247bf19c',
    publicKey: { id: '010706c2ffbc2d80bd85c4d444ff55af9cbc263e', longId: '54b10b54' },
    port4: 47240,
    port6: 47240,
    readiness: {
      isReady: true,
      reason: undefined,
      ipv4: { isReady: true, reason: undefined },
      ipv6: { isReady: false, reason: 'starting' },
    },
    stats: {
      ipv4: { ...idle, good: 5, incoming: 2, cached: 5 },
      ipv6: idle,
      storage: { values: 7, remoteBytes: 4302 - 2127, localBytes: 2127 } as DhtStats['storage'],
      operations: 1,
    },
    localValues: 1,
  }

  test('is that of the recorded session', () => {
    assert.equal(
      `${formatNode(info)}\n${formatFamilies(info)}\n`,
      `OpenDHT node 34819269bacb196440c52c5fb51920c6247bf19c running on port 47240
Public key ID 010706c2ffbc2d80bd85c4d444ff55af9cbc263e
Storage: 7 values, 4.20 KB (4302 bytes)
Local storage: 1 values, 2.08 KB (2127 bytes)
Ongoing operations: 1
IPv4 stats:
Known nodes: 5 good, 0 dubious, 2 incoming.
1 searches, 5 total cached nodes

IPv6 stats:
Known nodes: 0 good, 0 dubious, 0 incoming.
1 searches, 0 total cached nodes

`,
    )
  })

  test('has a line for what is ready and what is not', () => {
    assert.equal(formatReadiness(info), 'Ready: yes (IPv4 ready, IPv6 starting)\n')
  })

  test('has a line of its own for the long id of a public key, if there is one', () => {
    assert.equal(formatLongId(info), 'Public key long ID 54b10b54\n')
    const plain = { ...info, publicKey: undefined }
    assert.equal(formatLongId(plain), '')
    assert.match(formatNode(plain), /^OpenDHT node .*\nStorage: /)
  })

  test('shows both ports when they differ, and the one there is', () => {
    const onPorts = (port4?: number, port6?: number) =>
      formatNode({ ...info, port4, port6 }).split('\n')[0]
    assert.match(onPorts(1, 2)!, /running on IPv4 port 1, IPv6 port 2$/)
    assert.match(onPorts(1)!, /running on port 1$/)
    assert.match(onPorts(undefined, 2)!, /running on port 2$/)
  })

  test('estimates the size of a network from depth 2 on', () => {
    const deep = { ...idle, tableDepth: 3, networkSize: 64 }
    const text = formatFamilies({ ...info, stats: { ...info.stats, ipv4: deep } })
    assert.match(text, /\nRouting table depth: 3\nNetwork size estimation: 64 nodes\n\nIPv6 stats:/)
  })
})

const node = {
  lastSeenAgoMs: 2000,
  lastReplyAgoMs: 2000,
  roundTripMs: 12,
  isGood: true,
  isExpired: false,
}

test('the routing table is that of the recorded session', () => {
  const nodes = [
    {
      ...node,
      id: hash('3c607e512c340f30cedb4dfa02f3a59f3c2f9e49'),
      address: local(47253),
      lastSeenAgoMs: 264,
    },
    { ...node, id: hash('9e52a6ebb42818e0ed3629e4881f1a6e6f5ab8d5'), address: local(47202) },
    {
      ...node,
      id: hash('8aec34805ee5a58908be59249d297cbb413093a0'),
      address: SocketAddress.parse('2001:db8::1234:5678', 47200)!,
      lastReplyAgoMs: Number.POSITIVE_INFINITY,
      isGood: false,
      isExpired: true,
    },
  ]
  const first = new InfoHash()
  assert.equal(
    formatRoutingTable('IPv4', {
      buckets: [{ first, nodes, updatedAgoMs: 2000, hasCandidate: false }],
    }),
    `IPv4 routing table:
0000000000000000000000000000000000000000 count: 3 updated: 2 s ago
    Node 3c607e512c340f30cedb4dfa02f3a59f3c2f9e49 127.0.0.1:47253       \
updated: 264 ms ago, replied: 2 s ago [good]
    Node 9e52a6ebb42818e0ed3629e4881f1a6e6f5ab8d5 127.0.0.1:47202       updated: 2 s ago [good]
    Node 8aec34805ee5a58908be59249d297cbb413093a0 [2001:db8::1234:5678]:47200 \
updated: 2 s ago, replied: never [expired]
`,
  )
  const updatedAgoMs = Number.POSITIVE_INFINITY
  assert.equal(
    formatRoutingTable('IPv6', {
      buckets: [{ first, nodes: [], updatedAgoMs, hasCandidate: true }],
    }),
    `IPv6 routing table:
0000000000000000000000000000000000000000 count: 0 updated: never (cached)
`,
  )
})

describe('searches', () => {
  const member = {
    ...node,
    commonBits: 4,
    isLate: false,
    isSynced: true,
    isListening: false,
    isAnnounced: true,
    pendingRequests: 0,
  }
  const idle: SearchSnapshot = {
    key: hash('2222222222222222222222222222222222222222'),
    gets: 0,
    lastStepAgoMs: 18_000,
    isIdle: true,
    isSynced: false,
    listens: [],
    puts: [],
    nodes: [],
  }
  const id = 0xb631_9e20_b7f3_cf40n
  const value = new Value({ id, data: utf8('permanent'), userType: 'text/plain' })
  const busy: SearchSnapshot = {
    ...idle,
    key: hash('816cc20437d859538736e1ef46558b7bda486c06'),
    lastStepAgoMs: 2270,
    isIdle: false,
    isSynced: true,
    listens: ['Query[SELECT * ]'],
    puts: [{ value, isAnnounced: true }],
    nodes: [
      {
        ...member,
        id: hash('8aec34805ee5a58908be59249d297cbb413093a0'),
        address: local(47200),
        isListening: true,
      },
      { ...member, id: hash('3966a8f502eb3ff1f996afe3a228cb8909cc8cb8'), address: local(47201) },
    ],
  }

  test('are those of the recorded session, the legend aside', () => {
    const [, ...lines] = formatSearches({ ipv4: [busy], ipv6: [idle] }).split('\n')
    assert.equal(
      lines.join('\n'),
      `Search IPv4 816cc20437d859538736e1ef46558b7bda486c06 gets: 0 \
last step: 2.27 s ago [synced] [listening]
Queries:
Query[SELECT * ]
Announcement: Value[id:b6319e20b7f3cf40 data(text/plain):"permanent"] [announced]
 Common bits    InfoHash                       Conn. Get   Ops  IP
  4 8aec34805ee5a58908be59249d297cbb413093a0 * [ u] [l] [a] 127.0.0.1:47200
  4 3966a8f502eb3ff1f996afe3a228cb8909cc8cb8 * [ u]     [a] 127.0.0.1:47201
Search IPv6 2222222222222222222222222222222222222222 gets: 0 \
last step: 18 s ago [done] [expired] [not synced]
 Common bits    InfoHash                       Conn. Get   Ops  IP
Total: 2 searches (1 IPv4, 1 IPv6).
`,
    )
  })

  test('show how a node is doing, and the columns that make sense only', () => {
    const of = (state: Partial<typeof member>) => {
      const nodes = [{ ...member, ...state, id: idle.key, address: local(1) }]
      const text = formatSearches({ ipv4: [{ ...idle, nodes }], ipv6: [] })
      return text.split('\n')[3]!.slice(44)
    }
    assert.equal(of({}), ' * [ u] 127.0.0.1:1')
    assert.equal(of({ pendingRequests: 1 }), ' * [fu] 127.0.0.1:1')
    assert.equal(of({ isLate: true, pendingRequests: 1, isSynced: false }), ' * [c-] 127.0.0.1:1')
    assert.equal(of({ isExpired: true, isGood: false }), '   [xu] 127.0.0.1:1')
  })

  test('get one line each when there are more than eight', () => {
    const text = formatSearches({ ipv4: new Array(8).fill(busy), ipv6: [idle] })
    assert.equal(text.split('\n').length, 1 + 9 + 1 + 1)
    assert.match(text, /\nTotal: 9 searches \(8 IPv4, 1 IPv6\)\.\n$/)
  })
})

test('the storage is that of the recorded session', () => {
  const listener = hash('53073a28505ffb107c904ac97c406ecdb50d7cd5')
  const key = { values: 0, bytes: 0, localListeners: 0, listeners: [] }
  assert.equal(
    formatStorage({
      keys: [
        { ...key, key: hash('1067456bcc9ae56cf9b433a74e9307cad50eae2d'), values: 1, bytes: 15 },
        { ...key, key: hash('3724c83fbf44114d1993c400b5b5505ea29d83d7'), values: 1, bytes: 2123 },
        {
          ...key,
          key: hash('5151515151515151515151515151515151515151'),
          listeners: [{ id: listener, address: local(47110), count: 1 }],
        },
        {
          ...key,
          key: hash('816cc20437d859538736e1ef46558b7bda486c06'),
          values: 4,
          bytes: 581,
          localListeners: 1,
        },
      ],
      sources: [{ address: local(47210), values: 9, bytes: 6421 }],
      remote: { bytes: 6421, maxBytes: 64 * 1024 * 1024 },
      local: { bytes: 2788, maxBytes: -1 },
    }),
    `Storage 1067456bcc9ae56cf9b433a74e9307cad50eae2d 0 list., 1 values, 15 B
Storage 3724c83fbf44114d1993c400b5b5505ea29d83d7 0 list., 1 values, 2.07 KB (2123 bytes)
Storage 5151515151515151515151515151515151515151 1 list., 0 values, 0 B
   Listener 53073a28505ffb107c904ac97c406ecdb50d7cd5 127.0.0.1:47110 : 1 entries
Storage 816cc20437d859538736e1ef46558b7bda486c06 0 list., 4 values, 581 B
   1 local listeners


IP 127.0.0.1:47210 uses 6.27 KB (6421 bytes)

Total 4 storages, 6 values (6 / 65536 KB remote, 2 / unlimited local)
`,
  )
})
