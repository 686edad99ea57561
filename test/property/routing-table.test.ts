// SPDX-License-Identifier: MIT
// RoutingTable against a plain list of its members, under random sequences of offers, deaths,
// silence and answers: who stays, who is closest, and where buckets may be split.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NODE_EXPIRE_TIME_MS } from '../../src/core/constants.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Node } from '../../src/core/net/node.ts'
import { type Bucket, RoutingTable } from '../../src/core/routing/routing-table.ts'
import { peerAddress } from '../support/dht-kit.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const BUCKET_SIZE = 8
const FREE_DEPTH = 6

type Step =
  | { readonly kind: 'offer'; readonly id: InfoHash; readonly isGood: boolean }
  | { readonly kind: 'expire' | 'revive' | 'busy'; readonly index: number }
  | { readonly kind: 'age'; readonly ms: number }
  | { readonly kind: 'sweep' }

const word = fc.integer()
const anyId = fc.tuple(word, word, word, word, word).map((words) => new InfoHash(...words))
/** Ids that share a given number of bits with the own one, so that deep buckets fill up. */
const nearId = (own: InfoHash) =>
  fc.tuple(anyId, fc.integer({ min: 0, max: 30 })).map(([id, bits]) => {
    let near = id
    for (let bit = 0; bit < bits; bit++) near = near.withBit(bit, own.bit(bit))
    return near
  })

const stepsNear = (own: InfoHash): fc.Arbitrary<Step[]> => {
  const index = fc.nat(200)
  const offer = fc
    .tuple(fc.oneof(anyId, nearId(own)), fc.boolean())
    .map(([id, isGood]) => ({ kind: 'offer' as const, id, isGood }))
  const change = fc
    .tuple(fc.constantFrom('expire' as const, 'revive' as const, 'busy' as const), index)
    .map(([kind, at]) => ({ kind, index: at }))
  const age = fc.nat(8 * 60_000).map((ms) => ({ kind: 'age' as const, ms }))
  const step: fc.Arbitrary<Step> = fc.oneof(
    { arbitrary: offer, weight: 12 },
    { arbitrary: change, weight: 4 },
    { arbitrary: age, weight: 1 },
    { arbitrary: fc.constant({ kind: 'sweep' as const }), weight: 1 },
  )
  return fc.array(step, { maxLength: 250, size: 'max' })
}

const world = anyId.chain((own) =>
  fc.record({ own: fc.constant(own), isFree: fc.boolean(), steps: stepsNear(own) }),
)

class Pair {
  readonly own: InfoHash
  readonly isFree: boolean
  readonly table: RoutingTable
  readonly known: Node[] = []
  now = 1_000_000

  constructor(own: InfoHash, isFree: boolean) {
    this.own = own
    this.isFree = isFree
    this.table = new RoutingTable(own, { splitsFreely: isFree })
  }

  get members(): Node[] {
    return this.known.filter((node) => node.isInTable)
  }

  apply(step: Step): void {
    if (step.kind === 'offer') return this.#offer(step.id, step.isGood)
    if (step.kind === 'age') this.now += step.ms
    else if (step.kind === 'sweep') this.#sweep()
    else {
      const node = this.known[step.index % Math.max(1, this.known.length)]
      if (step.kind === 'expire' && node !== undefined) node.isExpired = true
      if (step.kind === 'revive') node?.replied(this.now)
      if (step.kind === 'busy' && node !== undefined) node.pendingRequests ^= 1
    }
  }

  #offer(id: InfoHash, isGood: boolean): void {
    if (id.equals(this.own)) return
    let node = this.known.find((known) => known.id.equals(id))
    if (node === undefined) {
      node = new Node(id, peerAddress(this.known.length % 250), false)
      this.known.push(node)
    }
    if (isGood) node.replied(this.now)
    else node.heardOf(this.now)
    const before = new Set(this.members)
    const { added, ping } = this.table.offer(node, this.now)
    assert.equal(added, node.isInTable && !before.has(node))
    const gone = [...before].filter((member) => !member.isInTable)
    assert(gone.length <= 1 && gone.every((member) => member.isExpired), 'only the dead make room')
    if (node.isInTable) return assert.equal(ping, undefined)
    const bucket = this.table.bucketOf(id)
    assert.equal(bucket.nodes.length, BUCKET_SIZE, 'refused only by a full bucket')
    assert(!bucket.nodes.some((member) => member.isExpired), 'refused though somebody is dead')
    assert.equal(bucket.candidate, node, 'the last one refused waits')
    this.#checkRefusal(bucket, ping)
  }

  #checkRefusal(bucket: Bucket, ping: Node | undefined): void {
    const dubious = bucket.nodes.filter((member) => !member.isGood(this.now))
    const canGrow =
      this.table.isOwnBucket(bucket) || (this.isFree && this.bits(bucket) < FREE_DEPTH)
    if (canGrow) assert(dubious.length > 0 && this.table.buckets.length > 1, 'could have split')
    const idle = dubious.filter((member) => member.pendingRequests === 0)
    if (idle.length === 0) assert.equal(ping, undefined)
    else assert(ping !== undefined && idle.includes(ping), 'a doubtful member is asked')
  }

  #sweep(): void {
    const expected = this.members.filter((node) => !node.isExpired)
    const candidates = this.table.removeExpired()
    assert.deepEqual(this.members, expected)
    for (const node of candidates) assert(!node.isExpired && !node.isInTable)
  }

  /** Length of the prefix that the range of a bucket shares. */
  bits(bucket: Bucket): number {
    const next = this.table.neighbour(bucket, 1)
    let low = bucket.first
    const last = next === undefined ? undefined : minusOne(next.first)
    const high = last ?? new InfoHash(-1, -1, -1, -1, -1)
    for (let bit = 159; bit >= 0 && low.bit(bit) === 0 && high.bit(bit) === 1; bit--) {
      low = low.withBit(bit, 1)
    }
    assert(low.equals(high), 'the range of a bucket is that of one prefix')
    return bucket.first.commonBits(high)
  }

  check(): void {
    const { table, own, known } = this
    assert(table.buckets[0]?.first.isZero)
    let count = 0
    for (const [index, bucket] of table.buckets.entries()) {
      const next = table.buckets[index + 1]
      const bits = this.bits(bucket)
      const isNear = bucket.first.commonBits(own) >= bits - 1
      assert(isNear || (this.isFree && bits <= FREE_DEPTH), `split at depth ${bits} is not allowed`)
      if (table.isOwnBucket(bucket)) assert.equal(table.depth, bits)
      assert(bucket.nodes.length <= BUCKET_SIZE)
      for (const { id } of bucket.nodes) {
        assert(id.compare(bucket.first) >= 0 && (next === undefined || id.compare(next.first) < 0))
        assert.equal(table.bucketOf(id), bucket)
      }
      count += bucket.nodes.length
    }
    assert.equal(table.size, count)
    assert.deepEqual(new Set(table.nodes()), new Set(this.members))
    const waiting = new Set(table.buckets.map(({ candidate }) => candidate))
    for (const node of known) {
      const holds = (node.isInTable ? 1 : 0) + (waiting.has(node) ? 1 : 0)
      assert.equal(node.references, holds, 'every hold is counted')
      assert(!(node.isInTable && waiting.has(node)), 'no member waits')
    }
  }
}

describe('RoutingTable', () => {
  it('keeps its members, buckets and candidates in order', () => {
    fc.assert(
      fc.property(world, ({ own, isFree, steps }) => {
        const pair = new Pair(own, isFree)
        for (const step of steps) {
          pair.apply(step)
          pair.check()
        }
      }),
      { numRuns: 150 },
    )
  })

  it('finds the closest good members as a sorted list does', () => {
    const limit = fc.constantFrom(1, 8, 14, 300)
    fc.assert(
      fc.property(
        world,
        fc.array(anyId, { minLength: 1, maxLength: 4 }),
        limit,
        (all, targets, n) => {
          const pair = new Pair(all.own, all.isFree)
          for (const step of all.steps) pair.apply(step)
          const good = pair.members.filter(
            (node) =>
              !node.isExpired &&
              node.lastSeenAt >= pair.now - NODE_EXPIRE_TIME_MS &&
              node.lastReplyAt > 0,
          )
          for (const target of [...targets, ...good.slice(0, 2).map(({ id }) => id)]) {
            const expected = good.sort((a, b) => target.compareDistance(a.id, b.id)).slice(0, n)
            assert.deepEqual(pair.table.closestGood(target, n, pair.now), expected)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('draws random ids inside the range of a bucket, from both of its halves', () => {
    fc.assert(
      fc.property(world, fc.integer(), ({ own, isFree, steps }, seed) => {
        const pair = new Pair(own, isFree)
        for (const step of steps) pair.apply(step)
        const random = new SeededRandom(seed)
        for (const bucket of pair.table.buckets) {
          const bits = pair.bits(bucket)
          const halves = new Set<number>()
          for (let i = 0; i < 32; i++) {
            const id = pair.table.randomIdIn(bucket, random)
            assert.equal(pair.table.bucketOf(id), bucket)
            halves.add(id.bit(bits))
          }
          assert.equal(halves.size, 2)
        }
      }),
      { numRuns: 50 },
    )
  })
})

function minusOne(id: InfoHash): InfoHash {
  let result = id
  for (let bit = 159; bit >= 0; bit--) {
    const was = result.bit(bit)
    result = result.withBit(bit, was === 1 ? 0 : 1)
    if (was === 1) break
  }
  return result
}
