// SPDX-License-Identifier: MIT
// Random operations in a network that breaks in random ways: every operation ends once, listens
// tell each value once, nothing is told of what is over, and nothing is left behind.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { DhtEvent } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Field, QUERY_ALL, Query, Select } from '../../src/core/value/query.ts'
import { BELIEVE_ALL, peerAddress, signed, text, textOf } from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'

const MINUTE_MS = 60_000
const SIZE = 14
const KEYS = Array.from({ length: 3 }, (_, n) => InfoHash.get(`key ${n}`))
const FIELDS = new Query(new Select([Field.Id, Field.Seq]))

const ACTIONS = [
  'get',
  'get',
  'query',
  'listen',
  'listen',
  'put',
  'put',
  'permanent',
  'edit',
  'ping',
  'cancel',
  'cancelPut',
  'down',
  'up',
  'cut',
  'heal',
  'lossy',
  'changed',
  'short',
  'short',
  'long',
] as const
type Step = readonly [action: (typeof ACTIONS)[number], node: number, n: number]

const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(SIZE - 1), fc.nat(99))
const steps = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' })
const families = fc.constantFrom<readonly (4 | 6)[]>([4], [4, 6])

/** Left a node looking around a place where some were too close to count, by chance. */
const LOOKED_FOR_EVER: [number, readonly (4 | 6)[], Step[]] = [
  -962558557,
  [4],
  [
    ['put', 1, 50],
    ['long', 1, 50],
    ['ping', 7, 60],
    ['put', 7, 29],
    ['get', 7, 67],
    ['edit', 4, 91],
    ['query', 7, 35],
    ['put', 0, 57],
    ['lossy', 0, 48],
    ['heal', 10, 18],
    ['permanent', 8, 44],
    ['cancel', 10, 61],
    ['listen', 5, 76],
    ['long', 7, 97],
    ['put', 2, 29],
    ['cancel', 12, 43],
    ['changed', 12, 20],
    ['long', 3, 63],
    ['edit', 0, 24],
    ['cut', 2, 46],
  ],
]
/** What fails is made smaller for so long: the runner stops a file after two minutes. */
const LIMITS = { interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true }

type Kind = 'get' | 'put' | 'listen' | 'ping'

interface Operation {
  readonly id: number
  readonly node: MiniNode
  readonly kind: Kind
  /** Number of events of its node when it was cancelled. */
  cancelledAt?: number
}

class World {
  readonly net: MiniNetwork
  readonly operations: Operation[] = []

  constructor(seed: number, own: readonly (4 | 6)[]) {
    this.net = new MiniNetwork(seed)
    this.net.addMany(SIZE, { families: own }, { verifier: BELIEVE_ALL })
    this.net.join()
  }

  apply([action, index, n]: Step): void {
    const { net } = this
    const node = net.nodes[index]!
    const key = KEYS[n % KEYS.length]!
    if (action === 'short') net.run(n * 3)
    else if (action === 'long') net.run(n * 6000)
    else if (action === 'lossy') net.loss = (n % 4) / 10
    else if (action === 'up') node.isDown = false
    else if (action === 'heal') net.carries = undefined
    else if (action === 'cut') {
      const isLeft = (address: string): boolean => Number(address.length + n) % 2 === 0
      net.carries = (from, to) => isLeft(from.host) === isLeft(to.host)
    } else if (!node.isDown) this.#act(action, node, key, n)
    // A driver hands the addresses in again whenever it is asked for them.
    for (const one of net.nodes) if (!one.isDown) this.#bootstrap(one)
  }

  #act(action: Step[0], node: MiniNode, key: InfoHash, n: number): void {
    const { dht } = node
    const { now } = this.net
    const put = (data: string, permanent: boolean): number =>
      dht.startPut(key, text(data, BigInt(1 + (n % 5))), { permanent }, now).operation
    if (action === 'get') this.#add('get', node, dht.startGet(key, QUERY_ALL, now))
    else if (action === 'query') this.#add('get', node, dht.startGet(key, FIELDS, now))
    else if (action === 'listen') this.#add('listen', node, dht.startListen(key, QUERY_ALL, now))
    else if (action === 'put') this.#add('put', node, put(`plain ${n % 10}`, false))
    else if (action === 'permanent') this.#add('put', node, put(`lasting ${n % 10}`, true))
    else if (action === 'edit') {
      const value = signed(`edit ${n}`, 50n, n)
      this.#add('put', node, dht.startPut(key, value, {}, now).operation)
    } else if (action === 'ping') this.#add('ping', node, dht.ping(peerAddress(n), now))
    else if (action === 'cancel') this.#cancel(n)
    else if (action === 'cancelPut') dht.cancelPut(key, BigInt(1 + (n % 5)), now)
    else if (action === 'changed') dht.connectivityChanged(now)
    else if (action === 'down') node.isDown = true
    this.net.pump(node)
  }

  finish(): void {
    const { net } = this
    net.carries = undefined
    net.loss = 0
    for (const node of net.nodes) node.isDown = false
    for (let i = 0; i < 10; i++) {
      net.run(MINUTE_MS)
      for (const node of net.nodes) this.#bootstrap(node)
    }
  }

  close(): void {
    for (const node of this.net.nodes) node.dht.close()
    this.net.run(1000)
  }

  #bootstrap(node: MiniNode): void {
    const wanted = node.events.filter(({ kind }) => kind === 'bootstrap-wanted').length
    if (wanted === this.#wanted.get(node)) return
    this.#wanted.set(node, wanted)
    node.dht.bootstrap(this.net.nodes[0]!.addresses, this.net.now)
    this.net.pump(node)
  }
  readonly #wanted = new Map<MiniNode, number>()

  #add(kind: Kind, node: MiniNode, id: number): void {
    this.operations.push({ id, node, kind })
  }

  #cancel(n: number): void {
    const open = this.operations.filter(({ kind }) => kind === 'get' || kind === 'listen')
    const operation = open[n % Math.max(1, open.length)]
    if (operation === undefined || operation.cancelledAt !== undefined) return
    const { node, id } = operation
    if (node.isDown) return
    this.net.pump(node)
    operation.cancelledAt = node.events.length
    node.dht.cancel(id, this.net.now)
  }
}

function eventsOf({ node, id }: Operation): (DhtEvent & { operation: number })[] {
  return node.events.filter(
    (event): event is DhtEvent & { operation: number } =>
      'operation' in event && event.operation === id,
  )
}

function checkEnds(operation: Operation): void {
  const events = eventsOf(operation)
  const done = events.filter(({ kind }) => kind === 'done').length
  if (operation.cancelledAt !== undefined) {
    const after = operation.node.events.slice(operation.cancelledAt)
    const late = after.filter((event) => 'operation' in event && event.operation === operation.id)
    assert.deepEqual(late, [], 'told after it was cancelled')
  } else if (operation.kind === 'listen') assert.equal(done, 1, 'a listen ends with its node')
  else assert.equal(done, 1, `a ${operation.kind} ended ${done} times`)
  if (done === 1) assert.equal(events.at(-1)?.kind, 'done', 'told after its end')
}

/** Contents that are told are new, and what ends was there. */
function checkListen(operation: Operation): void {
  const live = new Map<bigint, Set<string>>()
  for (const event of eventsOf(operation)) {
    if (event.kind !== 'values') continue
    for (const value of event.values) {
      const known = live.get(value.id) ?? new Set()
      if (event.expired) {
        assert(known.has(textOf(value)), `the end of ${textOf(value)}, which was not there`)
        live.delete(value.id)
      } else {
        assert(!known.has(textOf(value)), `${textOf(value)} was told twice`)
        live.set(value.id, known.add(textOf(value)))
      }
    }
  }
}

function checkGet(operation: Operation): void {
  const told = eventsOf(operation).flatMap((event) =>
    event.kind === 'values' ? event.values.map((value) => `${value.id} ${textOf(value)}`) : [],
  )
  assert.equal(new Set(told).size, told.length, 'a value was delivered twice')
}

describe('operations', () => {
  it('end once and tell everything once, whatever happens to the network', () => {
    fc.assert(
      fc.property(fc.integer(), families, steps, (seed, own, all) => {
        const world = new World(seed, own)
        for (const one of all) world.apply(one)
        world.finish()
        for (const { dht } of world.net.nodes) {
          const { dropped } = dht.stats(world.net.now)
          assert.deepEqual([dropped.internal, dropped.malformed, dropped.outboxFull], [0, 0, 0])
        }
        const pending = world.operations.filter(
          (operation) =>
            operation.kind !== 'listen' &&
            operation.cancelledAt === undefined &&
            !eventsOf(operation).some(({ kind }) => kind === 'done'),
        )
        assert.deepEqual(
          pending.map(({ kind }) => kind),
          [],
          'ended long before',
        )
        world.close()
        for (const operation of world.operations) {
          checkEnds(operation)
          if (operation.kind === 'listen') checkListen(operation)
          if (operation.kind === 'get') checkGet(operation)
        }
      }),
      { ...LIMITS, numRuns: 40 },
    )
  })

  it('leave nothing behind when they are over', () => {
    fc.assert(
      fc.property(fc.integer(), families, steps, (seed, own, all) => {
        const world = new World(seed, own)
        for (const one of all) world.apply(one)
        const { net } = world
        for (const { node, id } of world.operations) node.dht.cancel(id, net.now)
        for (const { dht } of net.nodes) {
          for (const key of KEYS) {
            for (const { id } of dht.pendingPuts(key)) dht.cancelPut(key, id, net.now)
          }
        }
        world.finish()
        net.run(25 * MINUTE_MS)
        for (const { dht } of net.nodes) {
          const { operations, ipv4, storage, requests, fragments } = dht.stats(net.now)
          assert.equal(operations, 0)
          assert(ipv4.searches <= 1, 'at most that for the own id')
          assert.deepEqual([storage.values, storage.listeners, storage.keys], [0, 0, 0])
          assert(requests.pending <= SIZE)
          assert.equal(fragments.partialMessages, 0)
        }
      }),
      { ...LIMITS, numRuns: 25, examples: [LOOKED_FOR_EVER] },
    )
  })
})
