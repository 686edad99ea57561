// SPDX-License-Identifier: MIT
// The engine is a function of its inputs: a busy network with loss and churn does exactly the same
// twice, datagram by datagram, when it has the same seed.

import assert from 'node:assert/strict'
import { createHash, type Hash } from 'node:crypto'
import { test } from 'node:test'
import type { DhtEvent } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Field, QUERY_ALL, Query, Select } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const NODES = 32
const KEYS = Array.from({ length: 12 }, (_, i) => InfoHash.get(`key ${i}`))
const ROUNDS = 150
const SIZES = [0, 10, 500, 2000, 20_000]

/** Events of a run without which it would prove little. */
const LEAST_EVENTS = { values: 200, fields: 30, done: 250, status: 40, expired: 4 }

interface Run {
  readonly hash: string
  readonly datagrams: number
  readonly events: Record<string, number>
}

test('the same seed gives the same datagrams and events at the same times', (t) => {
  const first = run(1)
  assert.deepEqual(run(1), first)
  t.diagnostic(`${first.datagrams} datagrams, ${JSON.stringify(first.events)}, ${first.hash}`)
  // Otherwise there was nothing to compare.
  assert.ok(first.datagrams > 30_000)
  for (const [kind, least] of Object.entries(LEAST_EVENTS)) {
    assert.ok((first.events[kind] ?? 0) >= least, `${first.events[kind]} events ${kind}`)
  }
})

test('another seed gives others', () => {
  assert.notEqual(run(2).hash, run(3).hash)
})

test('a single lost datagram changes the rest', () => {
  assert.notEqual(run(1, 5000).hash, run(1).hash)
})

/** Ten minutes of a network; datagram number `lost` is lost whatever the dice say. */
function run(seed: number, lost = -1): Run {
  const trace = new Trace()
  const random = new SeededRandom(seed)
  const network = new MiniNetwork(seed)
  network.loss = 0.05
  for (let i = 0; i < NODES; i++) network.add({ families: i % 4 === 0 ? [4, 6] : [4] })
  network.onSend = (bytes, from, to) => trace.datagram(network.now, `${from} ${to}`, bytes)
  network.carries = () => trace.datagrams !== lost
  network.join()
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 4; i++) act(network, random)
    network.run(random.uint32() % 8000)
    for (const [i, node] of network.nodes.entries()) {
      for (const event of node.events.splice(0)) trace.event(network.now, i, event)
    }
  }
  return trace.result()
}

/** Some node does something. */
function act(network: MiniNetwork, random: SeededRandom): void {
  const node = random.pick(network.nodes)
  const { dht } = node
  const key = random.pick(KEYS)
  const dice = random.uint32() % 16
  if (dice === 0 || (node.isDown && dice < 8)) {
    node.isDown = !node.isDown && node !== network.nodes[0]
    if (!node.isDown) network.enter(node, network.nodes[0]!)
  } else if (node.isDown) return
  else if (dice < 8) put(node, key, network.now, random)
  else if (dice < 12) dht.startGet(key, QUERY_ALL, network.now)
  else if (dice < 14) dht.startGet(key, new Query(new Select([Field.Id])), network.now)
  else if (dice === 14) dht.startListen(key, QUERY_ALL, network.now)
  else dht.cancelPut(key, BigInt(random.uint32() % 4), network.now)
  network.pump(node)
}

function put(node: MiniNode, key: InfoHash, now: number, random: SeededRandom): void {
  const data = new Uint8Array(random.pick(SIZES))
  random.fill(data)
  // Id 0 is replaced by a random one.
  const value = new Value({ id: BigInt(random.uint32() % 4), data })
  const permanent = random.chance(0.3)
  // Some are so old that they expire within the run.
  const createdMs = random.chance(0.5) ? 1_700_000_000_000 + now - 400_000 : undefined
  node.dht.startPut(key, value, { permanent, createdMs }, now)
}

/** Hash over all that happened, with its time. */
class Trace {
  readonly #hash: Hash = createHash('sha256')
  readonly #events: Record<string, number> = {}
  datagrams = 0

  datagram(now: number, path: string, bytes: Uint8Array): void {
    this.datagrams++
    this.#hash.update(`${now} ${path} ${bytes.length}\n`).update(bytes)
  }

  event(now: number, node: number, event: DhtEvent): void {
    this.#count(event.kind)
    if (event.kind === 'values' && event.expired) this.#count('expired')
    this.#hash.update(`${now} ${node} ${describe(event)}\n`)
  }

  result(): Run {
    return { hash: this.#hash.digest('hex'), datagrams: this.datagrams, events: this.#events }
  }

  #count(kind: string): void {
    this.#events[kind] = (this.#events[kind] ?? 0) + 1
  }
}

function describe(event: DhtEvent): string {
  switch (event.kind) {
    case 'values': {
      const values = event.values.map(
        ({ id, data }) => `${id} ${Buffer.from(data).toString('hex')}`,
      )
      return `values ${event.operation} ${event.expired} ${values.join()}`
    }
    case 'fields':
      return `fields ${event.operation} ${event.fields.join()}`
    case 'done': {
      const nodes = event.nodes.map(({ id, address }) => `${id} ${address}`)
      return `done ${event.operation} ${event.outcome} ${nodes.join()}`
    }
    case 'status':
      return `status ${event.ipv4} ${event.ipv6}`
    case 'public-address':
      return `public-address ${event.addresses.join()}`
    case 'bootstrap-wanted':
      return event.kind
  }
}
