// SPDX-License-Identifier: MIT
// RoutingTable on literals: what happens to a newcomer at a full bucket, and what the table says of
// itself.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { Node } from '../../../../src/core/net/node.ts'
import { RoutingTable } from '../../../../src/core/routing/routing-table.ts'
import { peerAddress } from '../../../support/dht-kit.ts'

const NOW = 1_000_000
/** The own id begins with a set bit, so that 0… is the far half. */
const OWN = new InfoHash(-0x80000000, 1)

/** Node number `n`, below 512, of the half that begins with `bit`. */
function node(bit: 0 | 1, n: number, isGood = true): Node {
  const made = new Node(new InfoHash(n << 22, n).withBit(0, bit), peerAddress(n), false)
  if (isGood) made.replied(NOW)
  else made.heardOf(NOW)
  return made
}

function filled(bit: 0 | 1, isGood = true): { table: RoutingTable; members: Node[] } {
  const table = new RoutingTable(OWN)
  const members = Array.from({ length: 8 }, (_, n) => node(bit, n + 1, isGood))
  for (const member of members) assert(table.offer(member, NOW).added)
  return { table, members }
}

describe('RoutingTable', () => {
  it('splits the only bucket even when nobody in it proved anything', () => {
    const { table } = filled(0, false)
    assert(table.offer(node(1, 9, false), NOW).added)
    assert.equal(table.buckets.length, 2)
  })

  it('splits the bucket of the own id, and no other, when all members are good', () => {
    const { table, members } = filled(0)
    const late = node(0, 9)
    assert.deepEqual(table.offer(late, NOW), { added: false, ping: undefined })
    assert.equal(table.buckets.length, 2)
    assert.equal(table.bucketOf(late.id).candidate, late)
    assert.deepEqual(new Set(table.nodes()), new Set(members))
    for (let n = 1; n <= 9; n++) assert(table.offer(node(1, 50 * n), NOW).added)
    assert.equal(table.buckets.length, 3)
  })

  it('does not split the own bucket while a member is doubtful, and has it pinged', () => {
    const { table } = filled(0)
    const members = Array.from({ length: 8 }, (_, n) => node(1, n + 1, n !== 3))
    for (const member of members) assert(table.offer(member, NOW).added)
    const { added, ping } = table.offer(node(1, 9), NOW)
    assert.equal(added, false)
    assert.equal(ping, members[3])
  })

  it('has another doubtful member pinged while one is being asked', () => {
    const { table, members } = filled(0)
    table.offer(node(1, 1), NOW)
    // The last one inserted is looked at first.
    members[7]!.lastReplyAt = Number.NEGATIVE_INFINITY
    members[7]!.pendingRequests = 1
    members[2]!.lastReplyAt = Number.NEGATIVE_INFINITY
    assert.equal(table.offer(node(0, 9), NOW).ping, members[2])
    members[2]!.pendingRequests = 1
    assert.equal(table.offer(node(0, 10), NOW).ping, undefined)
  })

  it('gives the place of a dead member to a newcomer at once', () => {
    const { table, members } = filled(0)
    members[5]!.isExpired = true
    const late = node(0, 9)
    assert(table.offer(late, NOW).added)
    assert.equal(table.buckets.length, 1)
    assert.equal(members[5]!.isInTable, false)
    assert.equal(members[5]!.references, 0)
  })

  it('keeps the latest candidate only, and hands it out when a place is free', () => {
    const { table, members } = filled(0)
    const [first, second] = [node(0, 9), node(0, 10)]
    table.offer(first, NOW)
    table.offer(second, NOW)
    assert.deepEqual([first.references, second.references], [0, 1])
    assert.deepEqual(table.removeExpired(), [])
    members[0]!.isExpired = true
    assert.deepEqual(table.removeExpired(), [second])
    assert.equal(second.references, 0)
    assert.deepEqual(table.removeExpired(), [])
  })

  it('does not hand out a candidate that died meanwhile', () => {
    const { table, members } = filled(0)
    const candidate = node(0, 9)
    table.offer(candidate, NOW)
    candidate.isExpired = true
    members[0]!.isExpired = true
    assert.deepEqual(table.removeExpired(), [])
    assert.equal(candidate.references, 0)
  })

  it('notes replies for the bucket of the node, and growth of the own one', () => {
    const { table, members } = filled(0)
    assert.equal(table.grownAt, NOW)
    table.offer(node(1, 1), NOW + 5)
    table.replied(members[0]!, NOW + 7)
    assert.deepEqual(
      table.buckets.map(({ updatedAt }) => updatedAt),
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY].with(
        table.buckets.indexOf(table.bucketOf(members[0]!.id)),
        NOW + 7,
      ),
    )
    table.forget()
    assert(table.buckets.every(({ updatedAt }) => updatedAt === Number.NEGATIVE_INFINITY))
  })

  it('splits any bucket down to depth 6 when it is told to', () => {
    const table = new RoutingTable(OWN, { splitsFreely: true })
    for (let n = 0; n < 512; n++) table.offer(node(0, n), NOW)
    const far = table.buckets.filter((bucket) => bucket.first.bit(0) === 0)
    assert.equal(far.length, 32)
  })
})
