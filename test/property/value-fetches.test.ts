// SPDX-License-Identifier: MIT
// ValueFetches under random answers, failures and delays: nothing is lost, nobody is overrun, and
// it comes to an end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Node } from '../../src/core/net/node.ts'
import { QuietHandler, Request } from '../../src/core/net/request.ts'
import { SearchNode } from '../../src/core/search/search-node.ts'
import { type Fetch, type FetchHost, ValueFetches } from '../../src/core/search/value-fetches.ts'
import { Kind } from '../../src/core/wire/message.ts'
import { peerAddress, text } from '../support/dht-kit.ts'

const NODES = 6
const MAX_PER_NODE = 8
const MAX_IN_ALL = 64

type Step = readonly [
  what: 'list' | 'answer' | 'empty' | 'fail' | 'late' | 'die',
  n: number,
  id: number,
]
const what = fc.constantFrom(
  'list',
  'list',
  'list',
  'list',
  'answer',
  'empty',
  'fail',
  'late',
  'die',
)
const steps = fc.array(fc.tuple(what, fc.nat(500), fc.nat(60)) as fc.Arbitrary<Step>, {
  maxLength: 400,
  size: 'max',
})

interface Asked {
  readonly fetch: Fetch
  readonly member: SearchNode
  isLate: boolean
}

class World implements FetchHost {
  readonly fetches = new ValueFetches()
  readonly members = Array.from(
    { length: NODES },
    (_, n) => new SearchNode(new Node(InfoHash.get(`${n}`), peerAddress(n), false)),
  )
  readonly asked: Asked[] = []
  readonly listed = new Map<bigint, Set<SearchNode>>()
  readonly found = new Set<bigint>()
  readonly history = new Set<string>()
  refusals = 0

  fetch(fetch: Fetch, member: SearchNode): Request | undefined {
    if (this.refusals > 0 && this.refusals-- > 0) return undefined
    const name = `${fetch.valueId} ${member.id}`
    assert(!this.history.has(name), 'asked once')
    assert(this.listed.get(fetch.valueId)?.has(member), 'asked only who listed it')
    assert(!member.node.isExpired, 'the dead are not asked')
    this.history.add(name)
    this.asked.push({ fetch, member, isLate: false })
    const { node } = member
    const handler = new QuietHandler()
    const outgoing = { kind: Kind.Get, node, address: node.address, handler, encode: () => {} }
    return new Request(1, outgoing, () => {}, 0)
  }

  apply([action, n, id]: Step): void {
    if (action === 'list') return this.#list(BigInt(id + 1), this.members[n % NODES]!)
    if (action === 'die') {
      if (n % 10 === 0) this.members[id % NODES]!.node.isExpired = true
      return
    }
    const index = n % Math.max(1, this.asked.length)
    const one = this.asked[index]
    if (one === undefined) return
    if (action === 'late') {
      one.isLate = true
      this.fetches.late(one.fetch, one.member)
      return
    }
    this.asked.splice(index, 1)
    if (action === 'fail') this.fetches.failed(one.fetch, one.member)
    else this.answer(one, action === 'answer')
  }

  answer({ fetch, member }: Asked, hasValue: boolean): void {
    const { valueId } = fetch
    // What was not asked for is not taken.
    const values = [text('other', 999n), ...(hasValue ? [text('it', valueId)] : [])]
    const got = this.fetches.answered(fetch, member, values)
    assert.deepEqual(
      got.map(({ id }) => id),
      hasValue ? [valueId] : [],
    )
    if (hasValue) this.found.add(valueId)
  }

  check(): void {
    const timely = this.asked.filter(({ isLate }) => !isLate)
    assert(timely.length <= MAX_IN_ALL)
    for (const member of this.members) {
      assert(timely.filter((one) => one.member === member).length <= MAX_PER_NODE)
    }
    const isWaiting = this.asked.some(({ fetch }) => !fetch.isDone)
    if (isWaiting) assert(this.fetches.isActive)
    if (this.asked.length === 0) assert.equal(this.fetches.isActive, false, 'nothing is forgotten')
  }

  #list(id: bigint, member: SearchNode): void {
    const known = this.listed.get(id) ?? new Set()
    // Each node answers a get once.
    if (member.node.isExpired || known.has(member)) return
    this.listed.set(id, known.add(member))
    this.fetches.list(id, 0, member)
  }
}

describe('ValueFetches', () => {
  it('tells the revisions of a value apart', () => {
    const world = new World()
    const { fetches, members } = world
    world.listed.set(1n, new Set(members))
    fetches.list(1n, 0, members[0]!)
    fetches.drive(world, 0)
    world.answer(world.asked.shift()!, true)
    fetches.list(1n, 0, members[1]!)
    assert.equal(fetches.isActive, false, 'this one is there')
    for (const seq of [1, 0xffff]) {
      fetches.list(1n, seq, members[seq % NODES]!)
      assert.equal(fetches.isActive, true, `revision ${seq} is not`)
      fetches.drive(world, 0)
      world.answer(world.asked.shift()!, true)
    }
    assert.equal(fetches.isActive, false)
  })

  it('asks the nodes that listed a value until one has it', () => {
    fc.assert(
      fc.property(steps, fc.nat(3), (all, refusals) => {
        const world = new World()
        world.refusals = refusals
        for (const step of all) {
          world.apply(step)
          world.fetches.drive(world, 0)
          if (world.refusals === 0) world.fetches.drive(world, 0)
          if (world.refusals === 0) world.check()
        }
        world.refusals = 0
        world.fetches.drive(world, 0)
        while (world.asked.length > 0) {
          world.answer(world.asked.shift()!, true)
          world.fetches.drive(world, 0)
          world.check()
        }
        assert.equal(world.fetches.isActive, false)
        for (const [id, sources] of world.listed) {
          const isLost = [...sources].every(
            (member) => member.node.isExpired || world.history.has(`${id} ${member.id}`),
          )
          assert(world.found.has(id) || isLost)
        }
      }),
      { numRuns: 300 },
    )
  })
})
