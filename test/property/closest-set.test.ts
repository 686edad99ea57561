// SPDX-License-Identifier: MIT
// ClosestSet and LookupRun against plain lists: who is kept, who is asked, and when a run is over.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Node } from '../../src/core/net/node.ts'
import { QuietHandler, Request } from '../../src/core/net/request.ts'
import { ClosestSet } from '../../src/core/search/closest-set.ts'
import { type LookupHost, LookupRun } from '../../src/core/search/lookup-run.ts'
import type { SearchNode } from '../../src/core/search/search-node.ts'
import { Kind } from '../../src/core/wire/message.ts'
import { KEY, peerAddress } from '../support/dht-kit.ts'

const NOW = 1000
const MAX_TIMELY = 14
const MAX_LATE = 32
/** Of a set that is full, and of one that holds all that are known. */
const MAX_ASKED = 4
const MAX_ASKED_OF_FEW = 8

function makeNodes(count: number): Node[] {
  return Array.from(
    { length: count },
    (_, n) => new Node(InfoHash.get(`${n}`), peerAddress(n), n % 11 === 10),
  )
}

type Step = readonly [kind: 'insert' | 'late' | 'timely' | 'expire' | 'sweep', n: number]
const kind = fc.constantFrom('insert', 'insert', 'insert', 'late', 'timely', 'expire', 'sweep')
const steps = fc.array(fc.tuple(kind, fc.nat(90)) as fc.Arbitrary<Step>, {
  maxLength: 250,
  size: 'max',
})

function byDistance(a: SearchNode, b: SearchNode): number {
  return KEY.compareDistance(a.id, b.id)
}

class Closest {
  readonly set = new ClosestSet(KEY)
  readonly nodes = makeNodes(91)
  model: SearchNode[] = []

  apply([what, n]: Step): void {
    const node = this.nodes[n]!
    const member = this.model.find((known) => known.node === node)
    if (what === 'insert') this.#insert(node, member !== undefined)
    else if (what === 'expire') node.isExpired = true
    else if (what === 'sweep') {
      const gone = this.model.filter((known) => known.node.isExpired)
      this.set.removeExpired()
      this.model = this.model.filter((known) => !known.node.isExpired)
      assert(gone.every(({ isRemoved }) => isRemoved))
    } else if (member !== undefined) member.isLate = what === 'late'
  }

  #insert(node: Node, isKnown: boolean): void {
    const taken = this.set.insert(node)
    const found = this.set.find(node.id)
    assert.equal(found?.node === node, isKnown || taken)
    if (isKnown || node.isExpired || node.isClient) assert.equal(taken, false)
    const wanted = taken ? [...this.model, found!].sort(byDistance) : this.model
    if (taken) this.model = [...this.set]
    const timely = wanted.filter(({ isLate }) => !isLate)
    const late = wanted.filter(({ isLate }) => isLate)
    if (taken) {
      const kept = new Set([...timely.slice(0, MAX_TIMELY), ...late.slice(0, MAX_LATE)])
      assert.deepEqual(
        this.model,
        wanted.filter((member) => kept.has(member)),
      )
      for (const member of wanted) assert.equal(member.isRemoved, !kept.has(member))
    } else if (!isKnown && !node.isExpired && !node.isClient) {
      // Refused: enough others are closer.
      const closer = timely.filter(({ id }) => KEY.compareDistance(id, node.id) < 0)
      assert(closer.length >= MAX_TIMELY)
    }
  }

  check(): void {
    assert.deepEqual([...this.set], this.model)
    assert.equal(this.set.size, this.model.length)
    assert.deepEqual(this.model, this.model.toSorted(byDistance))
    const timely = this.model.filter(({ isLate }) => !isLate)
    assert.deepEqual(this.set.closest().members, timely.slice(0, 8))
    for (const node of this.nodes) {
      const isMember = this.model.some((member) => member.node === node)
      assert.equal(node.references, isMember ? 1 : 0)
    }
  }
}

/** Asks each node once, and remembers whom. */
class OnceRun extends LookupRun {
  readonly settled = new Set<SearchNode>()
  needs(member: SearchNode): boolean {
    return !this.settled.has(member)
  }
  answered(member: SearchNode): void {
    this.settled.add(member)
  }
  failed(member: SearchNode): void {
    this.settled.add(member)
  }
}

class Host implements LookupHost {
  readonly asked: SearchNode[] = []
  left = Number.POSITIVE_INFINITY
  isNear(): boolean {
    return false
  }
  ask(_run: LookupRun, { node }: SearchNode): Request | undefined {
    if (this.left-- <= 0) return undefined
    const { address } = node
    const handler = new QuietHandler()
    const outgoing = { kind: Kind.Get, node, address, handler, encode: () => {} }
    return new Request(1, outgoing, () => {}, 0)
  }
}

type Event = readonly [kind: 'answer' | 'answer' | 'fail' | 'late' | 'gone' | 'new', n: number]
const event = fc.tuple(
  fc.constantFrom('answer', 'answer', 'fail', 'late', 'gone', 'new'),
  fc.nat(90),
)
const events = fc.array(event as fc.Arbitrary<Event>, { maxLength: 250, size: 'max' })

describe('ClosestSet', () => {
  it('keeps the closest that answer in time, and some that do not', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const closest = new Closest()
        for (const step of all) {
          closest.apply(step)
          closest.check()
        }
        closest.set.clear()
        for (const { references } of closest.nodes) assert.equal(references, 0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('LookupRun', () => {
  it('asks the closest first, each once, a few at a time', () => {
    fc.assert(
      fc.property(events, fc.constantFrom(3, 1000), (all, budget) => {
        const nodes = makeNodes(91)
        const set = new ClosestSet(KEY)
        const run = new OnceRun()
        const host = new Host()
        for (const node of nodes.slice(0, 6)) set.insert(node)
        for (const [what, n] of all) {
          host.left = budget
          act(run, set, nodes, what, n)
          run.drive(set.closest(), host, NOW)
          checkRun(run, set, budget)
        }
      }),
      { numRuns: 200 },
    )
  })
})

function act(run: OnceRun, set: ClosestSet, nodes: readonly Node[], what: string, n: number): void {
  const pending = [...run.pending.keys()]
  const member = pending[n % Math.max(1, pending.length)]
  if (what === 'new') set.insert(nodes[n]!)
  else if (member === undefined) return
  else if (what === 'late') member.isLate = true
  else {
    run.pending.delete(member)
    member.isLate = false
    run.failed(member)
    if (what === 'gone') member.node.isExpired = true
    set.removeExpired()
  }
}

function checkRun(run: OnceRun, set: ClosestSet, budget: number): void {
  const timely = [...run.pending.keys()].filter((member) => !member.isLate && !member.isRemoved)
  assert(timely.length <= MAX_ASKED_OF_FEW)
  const { members: closest, isWorthWaiting } = set.closest()
  const most = closest.length < 8 ? MAX_ASKED_OF_FEW : MAX_ASKED
  const open = closest.filter((member) => !run.settled.has(member))
  const isOver = closest.length > 0 && open.length === 0 && !isWorthWaiting
  assert.equal(run.isComplete(set.closest(), NOW), isOver)
  const idle = open.filter((member) => !run.pending.has(member))
  // Whoever is not asked has to wait for its turn, behind closer ones.
  if (budget >= MAX_ASKED_OF_FEW && idle.length > 0) assert(timely.length >= most)
}
