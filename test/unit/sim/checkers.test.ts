// SPDX-License-Identifier: MIT
// Each checker is silent in a sound network, and catches a violation that is planted.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { Value } from '../../../src/core/value/value.ts'
import { problemOf } from '../../../src/sim/checkers/routing-tables.ts'
import {
  type Checker,
  checkReplay,
  DatagramSizeChecker,
  LimitChecker,
  ListenChecker,
  type NodeLimits,
  OutcomeChecker,
  PutChecker,
  SimError,
  SimNetwork,
  type SimNode,
  simulate,
  standardCheckers,
} from '../../../src/sim/entry.ts'

const KEY = InfoHash.get('key')
const VALUE = new Value({ id: 5n, data: Uint8Array.of(1, 2, 3) })

async function settled(...checkers: readonly Checker[]): Promise<SimNetwork> {
  const network = new SimNetwork({ seed: 5, command: 'again' })
  network.addCheckers(...checkers)
  network.addNodes(20, { overMs: 1000 })
  await network.run(20_000)
  return network
}

/** The network fails with this text, now or within a while. */
async function fails(network: SimNetwork, text: RegExp, withinMs = 60_000): Promise<void> {
  await assert.rejects(network.run(withinMs), (error: unknown) => {
    assert.ok(error instanceof SimError)
    assert.match(error.text, text)
    assert.match(error.message, /OPENDHT_SIM_SEED=5 again/)
    return true
  })
  assert.throws(() => network.finish(), SimError)
}

function listen(node: SimNode): number {
  return node.use((dht, now) => dht.startListen(KEY, QUERY_ALL, now))
}

test('a sound network passes all of them', async () => {
  await simulate({ seed: 5 }, async (network) => {
    network.addCheckers(...standardCheckers())
    const nodes = network.addNodes(30, { overMs: 1000 })
    await network.run(20_000)
    listen(nodes[3]!)
    for (let i = 0; i < 10; i++) await network.until(nodes[i]!.put('key', `value ${i}`))
    // Until the values have expired, and listeners have heard of that.
    await network.run(15 * 60_000)
  })
})

describe('the checker of routing tables', () => {
  const own = InfoHash.get('own')
  const none = { updatedAgoMs: 0, hasCandidate: false }

  test('wants buckets in order, with nodes of their range, once each', async () => {
    const network = await settled()
    const node = network.nodes[3]!
    const sound = node.dht.routingTable(4, network.now)
    assert.equal(problemOf(node.id, 4, sound), undefined)
    assert.equal(problemOf(node.id, 6, sound)?.includes('has address'), true)
    const [first, ...others] = sound.buckets
    assert.ok(first !== undefined && others.length > 0)
    const swapped = { buckets: [first, ...others.toReversed(), first] }
    assert.match(problemOf(node.id, 4, swapped)!, /out of order|wrong bucket/)
    const known = first.nodes[0]!
    assert.match(problemOf(known.id, 4, { buckets: [first] })!, /own node/)
    const twice = { ...first, nodes: [known, known] }
    assert.match(problemOf(own, 4, { buckets: [twice] })!, /twice/)
    const full = { ...none, first: first.first, nodes: new Array(9).fill(known) }
    assert.match(problemOf(own, 4, { buckets: [full] })!, /9 nodes/)
  })
})

test('the checker of datagram sizes knows the MTU', async () => {
  const network = new SimNetwork({ seed: 5, command: 'again' })
  network.addCheckers(new DatagramSizeChecker(300))
  network.addNodes(20)
  await fails(network, /^Node \d+ sent a reply of 2\d\d bytes to .*: above the MTU of 300$/)
})

test('the checker of limits measures nodes', async () => {
  const network = await settled()
  network.addCheckers(new LimitChecker({ limits: { cachedNodes: 5 } }))
  await fails(network, /^Node \d+: \d+ cached nodes, the limit is 5$/)
})

test('the checker of limits knows each of them, and what must never happen', async () => {
  const network = await settled()
  const [node] = network.nodes as [SimNode]
  const found = (limits: Partial<NodeLimits>): string[] => {
    const texts: string[] = []
    const fail = (text: string): void => void texts.push(text)
    const checker = new LimitChecker({ limits })
    checker.start(Object.create(network, { fail: { value: fail } }))
    checker.finish()
    return texts.filter((text) => text.startsWith('Node 0: '))
  }
  assert.deepEqual(found({}), [])
  for (const [name, text] of Object.entries({
    cachedNodes: 'cached nodes',
    pendingRequests: 'pending requests',
    partialBytes: 'bytes of partial messages',
    remoteBytes: 'bytes stored for others',
    keys: 'keys',
    listeners: 'listeners',
    searches: 'searches',
  })) {
    const [only, ...more] = found({ [name]: -1 })
    assert.match(only!, new RegExp(`^Node 0: \\d+ ${text}, the limit is -1$`))
    assert.deepEqual(more, [])
  }
  for (const [name, text] of [
    ['internal', /broke the engine/],
    ['outboxFull', /outbox was full/],
  ] as const) {
    const stats = node.dht.stats.bind(node.dht)
    node.dht.stats = (now) => ({ ...stats(now), dropped: { ...stats(now).dropped, [name]: 1 } })
    assert.match(found({})[0]!, text)
    node.dht.stats = stats
  }
})

describe('the checker of outcomes', () => {
  test('catches a second end', async () => {
    const checker = new OutcomeChecker()
    const network = await settled(checker)
    const [node] = network.nodes as [SimNode]
    const get = node.use((dht, now) => dht.startGet(KEY, QUERY_ALL, now))
    await network.run(5000)
    checker.onEvent(node, { kind: 'done', operation: get, outcome: 'ok', nodes: [] })
    await fails(network, /^Node 0: operation \d+ is over, and there is an event "done" of it$/)
  })

  test('catches an operation that does not end', async () => {
    const checker = new OutcomeChecker({ maxMs: 20_000 })
    const network = await settled(checker)
    checker.onStart(network.nodes[2]!, { operation: 99, kind: 'get', key: KEY })
    await fails(network, /^Node 2: get 99 \w+ did not end within 20 s$/)
  })
})

describe('the checker of puts', () => {
  test('catches a value that is not found though others hold it', async () => {
    const network = await settled(new PutChecker())
    await network.until(network.nodes[3]!.put(KEY, VALUE))
    const holders = network.nodes.filter((node) => node.getLocal(KEY).length > 0)
    // Nothing says that nobody can be reached, but nobody can.
    for (const node of holders) node.setLink({ loss: 1 })
    await fails(network, /did not find value 5 under \w+ \(\w+\): put by node 3 at \d+ ms/)
  })

  test('counts, or catches, a value that nobody holds', async () => {
    for (const isStrict of [false, true]) {
      const checker = new PutChecker({ isStrict })
      const network = await settled(checker)
      const [node] = network.nodes as [SimNode]
      checker.onStart(node, { operation: 99, kind: 'put', key: KEY, value: VALUE })
      checker.onEvent(node, { kind: 'done', operation: 99, outcome: 'ok', nodes: [] })
      if (isStrict) await fails(network, /^None of the closest nodes holds value 5 under/)
      else await network.run(10_000)
      assert.ok(checker.lost > 0)
    }
  })
})

describe('the checker of listens', () => {
  const told = (operation: number, expired: boolean) =>
    ({ kind: 'values', operation, values: [VALUE], expired }) as const

  test('catches what is told twice', async () => {
    const checker = new ListenChecker()
    const network = await settled(checker)
    const node = network.nodes[2]!
    const operation = listen(node)
    checker.onEvent(node, told(operation, false))
    checker.onEvent(node, told(operation, false))
    await fails(network, /^Node 2 listens and heard twice of the same revision of value 5/)
  })

  test('catches the end of a value that was not known', async () => {
    const checker = new ListenChecker()
    const network = await settled(checker)
    const node = network.nodes[2]!
    const operation = listen(node)
    checker.onEvent(node, told(operation, false))
    checker.onEvent(node, told(operation, true))
    checker.onEvent(node, told(operation, true))
    await fails(network, /^Node 2 listens and heard of the end of value 5/)
  })

  test('catches what a listener never hears of', async () => {
    const network = await settled(new ListenChecker({ withinMs: 5000 }))
    const deaf = network.nodes.find(({ id }) => !network.closest(KEY).some((n) => n.id.equals(id)))!
    listen(deaf)
    await network.run(5000)
    deaf.setLink({ loss: 1 })
    await network.until(network.closest(KEY)[0]!.put(KEY, VALUE))
    await fails(network, /^Node \d+ listens and never heard of value 5 under/)
  })

  test('catches a value whose end a listener never hears of', async () => {
    const checker = new ListenChecker({ endsWithinMs: 5000 })
    const network = await settled(checker)
    const node = network.nodes[2]!
    const operation = listen(node)
    const start = { operation: 99, kind: 'put', key: KEY, value: VALUE } as const
    checker.onStart(node, start)
    checker.onEvent(node, { kind: 'done', operation: 99, outcome: 'ok', nodes: [] })
    checker.onEvent(node, told(operation, false))
    await fails(network, /^Node 2 listens and still believes in value 5/, 11 * 60_000)
  })
})

test('a replay that differs is caught', async () => {
  const options = { seed: 5, command: 'again' }
  const body = async (network: SimNetwork): Promise<void> => {
    network.addNodes(5)
    await network.run(1000)
  }
  assert.match(await checkReplay(options, body), /^[0-9a-f]{16}$/)
  let runs = 0
  const differing = async (network: SimNetwork): Promise<void> => {
    network.addNodes(5 + runs++)
    await network.run(1000)
  }
  await assert.rejects(checkReplay(options, differing), /Two runs with the same seed differ/)
})
