// SPDX-License-Identifier: MIT
// A live engine against a stream of proper, damaged and random datagrams: it never throws, stays
// within its limits, keeps its operations going, and works as before when the storm is over.
// test-timeout-s: 900

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { DhtConfig } from '../../src/core/config.ts'
import {
  BLOCK_TIME_MS,
  MAX_CACHED_NODES,
  MAX_IDLE_SEARCHES,
  MAX_LISTENERS,
  MAX_PARTIAL_BYTES,
  MAX_PARTIAL_MESSAGES,
  MAX_PENDING_REQUESTS,
} from '../../src/core/constants.ts'
import type { DhtEvent } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import type { MiniNode } from '../support/mini-network.ts'
import { loadCorpus } from './corpus.ts'
import { INPUTS_PER_SEED, SEEDS } from './settings.ts'
import { World } from './world.ts'

const CHECK_EVERY = 5000
/** Inputs after which everything should have happened at least once. */
const ENOUGH = 20_000
const MAX_STORAGE_BYTES = 300_000
const MAX_STORAGE_KEYS = 40
/** Pushes to listeners leave a quarter to the own operations, which need much less here. */
const MAX_PENDING = (MAX_PENDING_REQUESTS * 3) / 4 + 5000
const MAX_HEAP_BYTES = 256 * 1024 * 1024

const SMALL_STORE = { maxStorageBytes: MAX_STORAGE_BYTES, maxStorageKeys: MAX_STORAGE_KEYS }
const UNLIMITED = { maxRequestsPerSecond: -1, maxPeerRequestsPerSecond: -1 }

/** Taken by seed, over and over. */
const CONFIGS: readonly DhtConfig[] = [
  { ...SMALL_STORE, ...UNLIMITED, bootstrapMode: true, publicStable: true },
  { ...SMALL_STORE, ...UNLIMITED, maintainStorage: true },
  { ...SMALL_STORE, families: [4], network: 7, maxRequestsPerSecond: 300 },
  { ...SMALL_STORE, ...UNLIMITED, clientMode: true },
]

const corpus = loadCorpus()

suite('An engine under fire', () => {
  test('takes every input of the corpus from a stranger and from a known peer', () => {
    const world = new World(1, CONFIGS[0]!, corpus)
    const known = world.honest[0]!.address
    for (const from of [SocketAddress.v4(0x01020304, 5), known]) {
      for (const input of corpus) world.receive(input, from)
    }
    world.run(20_000)
    checkLimits(world)
  })

  for (const seed of SEEDS) {
    test(`survives ${INPUTS_PER_SEED} inputs of seed ${seed}`, (t) => {
      const config = CONFIGS[seed % CONFIGS.length]!
      const world = new World(seed, config, corpus)
      const startedAt = process.cpuUsage().user
      while (world.count < INPUTS_PER_SEED) {
        world.step()
        if (world.count % CHECK_EVERY === 0) checkLimits(world)
      }
      const perSecond = Math.round((1e6 * world.count) / (process.cpuUsage().user - startedAt))
      const { messages, dropped } = world.node.dht.stats(world.network.now)
      const { now } = world.network
      t.diagnostic(`seed ${seed}: ${perSecond} inputs per second of CPU, ${now / 1000} s simulated`)
      t.diagnostic(`accepted ${JSON.stringify(messages.in)}, dropped ${JSON.stringify(dropped)}`)
      checkReach(world)
      checkLimits(world)
      checkOperations(world)
      checkAfterwards(world, config)
      assert.ok(heapBytes() < MAX_HEAP_BYTES, `${heapBytes()} bytes of heap`)
    })
  }
})

/** The inputs are worth something only when they get through to the handlers. */
function checkReach(world: World): void {
  if (world.count < ENOUGH) return
  const { messages, storage, fragments } = world.node.dht.stats(world.network.now)
  const few = Object.entries(messages.in).filter(([kind, count]) => {
    return kind !== 'unknown' && count < world.count / 5000
  })
  assert.deepEqual(few, [], 'every kind of message was accepted')
  assert.ok(fragments.timedOut > 0)
  const { stored, refreshed, evicted, expired } = storage.counters
  assert.ok(stored + refreshed > 0)
  if (!world.node.dht.config.clientMode) assert.ok(evicted + expired > 0)
}

function checkLimits(world: World): void {
  const { dht } = world.node
  const stats = dht.stats(world.network.now)
  assert.equal(stats.dropped.internal, 0)
  assert.equal(stats.dropped.outboxFull, 0)
  const { fragments, storage, requests } = stats
  assert.ok(fragments.partialMessages <= MAX_PARTIAL_MESSAGES)
  assert.ok(fragments.partialBytes <= MAX_PARTIAL_BYTES)
  assert.ok(storage.remoteBytes <= MAX_STORAGE_BYTES)
  // Own values and listens are stored beyond the limit of keys.
  assert.ok(storage.keys <= MAX_STORAGE_KEYS + world.keys.length, `${storage.keys} keys`)
  assert.ok(storage.listeners <= MAX_LISTENERS / 16)
  assert.ok(requests.pending <= MAX_PENDING, `${requests.pending} pending requests`)
  for (const family of [stats.ipv4, stats.ipv6]) {
    assert.ok(family.cached <= MAX_CACHED_NODES + 1000, `${family.cached} nodes`)
    assert.ok(family.searches <= MAX_IDLE_SEARCHES + world.keys.length + 1)
  }
}

/** No listen, no permanent put ended; every get and put did. */
function checkOperations(world: World): void {
  const { node, listens, puts, gets } = world
  for (const { key, id } of puts) assert.ok(node.dht.pendingPuts(key).some((it) => it.id === id))
  world.calm()
  world.run(180_000)
  assert.deepEqual([...gets], [], 'every get and put came to an end')
  const { operations } = node.dht.stats(world.network.now)
  assert.equal(operations, listens.length + puts.length)
}

/** The engine serves strangers at once, and uses the network again when nobody is blocked. */
function checkAfterwards(world: World, config: DhtConfig): void {
  assert.equal(pingFromStranger(world, config.network ?? 0), Kind.Reply)
  world.run(BLOCK_TIME_MS + 20 * 60_000)
  checkLimits(world)
  const [writer] = world.honest
  const { node, network } = world
  const key = InfoHash.get('after the storm')
  const value = new Value({ id: 77n, data: new Uint8Array([7]) })
  put(world, writer!, key, value)
  const operation = node.dht.startGet(key, QUERY_ALL, network.now)
  const events = collect(world, 60_000)
  assert.ok(
    events.some((it) => it.kind === 'done' && it.operation === operation && it.outcome === 'ok'),
  )
  assert.ok(delivered(events, operation, 77n), 'the get delivers')

  put(world, writer!, world.keys[0]!, new Value({ id: 7777n, data: new Uint8Array([8]) }))
  const [listen] = world.listens
  assert.ok(delivered(collect(world, 60_000), listen!, 7777n), 'the listen still hears of values')
}

function put(world: World, node: MiniNode, key: InfoHash, value: Value): void {
  const { operation } = node.dht.startPut(key, value, {}, world.network.now)
  assert.equal(world.network.finish(node, operation), 'ok')
}

/** Events of the engine under test during the next `ms` and since they were last taken. */
function collect(world: World, ms: number): DhtEvent[] {
  world.network.run(ms)
  return world.node.events.splice(0)
}

function delivered(events: readonly DhtEvent[], operation: number, id: bigint): boolean {
  return events.some(
    (event) =>
      event.kind === 'values' &&
      event.operation === operation &&
      event.values.some((value) => value.id === id),
  )
}

/** The kind of what comes back to a peer that was never heard of. */
function pingFromStranger({ node, network: { now } }: World, network: number): Kind | undefined {
  const id = InfoHash.get('stranger')
  const from = SocketAddress.v4(0x05060708, 999)
  const writer = new MsgpackWriter()
  new MessageEncoder({ id, network, isClient: false, agent: 'x' }).ping(writer, 42)
  node.dht.receive(writer.take(), from, now)
  const { outbox } = node.dht
  const message = new Message()
  for (let i = 0; i < outbox.count; i++) {
    if (!outbox.destination(i).equals(from)) continue
    decodeMessage(message, outbox.datagram(i))
    if (message.tid === 42) return message.kind
  }
  return undefined
}

/** What is alive after a collection of garbage. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  return process.memoryUsage().heapUsed
}
