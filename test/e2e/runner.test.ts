// SPDX-License-Identifier: MIT
// Nodes with real sockets on the loopback interface.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  DhtRunner,
  InfoHash,
  PutError,
  type RunnerOptions,
  type Value,
  type ValueType,
} from '../../src/nodejs/entry.ts'
import { TEST_TRANSPORT } from '../support/test-transport.ts'
import { batchesMissing } from '../support/transports.ts'
import { poll } from '../support/watch.ts'

const DEADLINE_MS = 20_000
const ANY: RunnerOptions = { port: 0, transport: TEST_TRANSPORT }
const LOOPBACK_4: RunnerOptions = { ...ANY, bind4: '127.0.0.1', bind6: false }
const LOOPBACK_6: RunnerOptions = { ...ANY, bind4: false, bind6: '::1' }
const LOOPBACK: RunnerOptions = { ...ANY, bind4: '127.0.0.1', bind6: '::1' }

/** A type whose values expire while a test can wait for it. */
const SHORT_LIVED: ValueType = {
  id: 1000,
  name: 'short-lived',
  lifetimeMs: 1500,
  storePolicy: (_key, value) => value,
  editPolicy: () => false,
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

async function start(t: TestContext, options: RunnerOptions): Promise<DhtRunner> {
  const node = await DhtRunner.start(options)
  t.after(() => node.close().catch(() => {}))
  return node
}

/** Two nodes that know each other. */
async function startPair(t: TestContext, options: RunnerOptions): Promise<[DhtRunner, DhtRunner]> {
  const first = await start(t, options)
  const bootstrap = first.addresses.map(String)
  const second = await start(t, { ...options, bootstrap })
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await Promise.all([first.whenConnected({ signal }), second.whenConnected({ signal })])
  return [first, second]
}

function textOf(value: Value): string {
  return new TextDecoder().decode(value.data)
}

async function exchange(a: DhtRunner, b: DhtRunner): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const { value, nodes } = await a.put('greeting', 'hello', { signal })
  assert.ok(nodes.some(({ id }) => id.equals(b.id)))
  const found = await b.getAll('greeting', { signal })
  assert.deepEqual(found.map(textOf), ['hello'])
  assert.equal(found[0]!.id, value.id)
}

test('two nodes find each other and exchange values', async (t) => {
  const [a, b] = await startPair(t, LOOPBACK_4)
  await exchange(a, b)
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const fields = []
  for await (const field of b.query('greeting', 'SELECT id,value_type', { signal })) {
    fields.push(field.type)
  }
  assert.deepEqual(fields, [0])
  assert.equal(await b.getFirst('nothing here', { signal }), undefined)
  const large = new Uint8Array(65_498).fill(7)
  await a.put('large', large, { signal })
  assert.deepEqual((await b.getFirst('large', { signal }))?.data, large)
  const { ipv4, messages } = await b.stats()
  assert.equal(ipv4.good, 1)
  assert.ok(messages.in.put! > 0)
  const keys = b.inspector.storageKeys()
  assert.equal(keys.length, 2)
  const { remoteBytes, localBytes } = (await b.stats()).storage
  assert.equal(
    keys.reduce((sum, { bytes }) => sum + bytes, 0),
    remoteBytes + localBytes,
    'both as limits count them',
  )
  assert.equal(b.inspector.routingTable(4).buckets[0]!.nodes.length, 1)
  const [peer] = b.inspector.routingTable(4).buckets[0]!.nodes
  assert.ok(peer!.roundTripMs! < DEADLINE_MS, 'measured')
  const [stored] = b.inspector.storedValues(InfoHash.get('greeting'))
  assert.equal(stored!.id, b.getLocal('greeting')[0]!.id)
  assert.ok(stored!.expiresInMs > 0 && stored!.expiresInMs <= 600_000 && stored!.createdAgoMs >= 0)
})

test('the transport is the wanted one, or the best one of this host', async (t) => {
  const node = await start(t, LOOPBACK)
  const best = batchesMissing === false ? 'mmsg' : 'dgram'
  const kind = TEST_TRANSPORT === 'auto' ? best : TEST_TRANSPORT
  assert.deepEqual(
    node.transportStats.map((transport) => transport.kind),
    [kind, kind],
  )
})

test('IPv6 alone, and both families, work as well', async (t) => {
  const only6 = await startPair(t, LOOPBACK_6)
  assert.equal(only6[0].port4, undefined)
  await exchange(...only6)
  const both = await startPair(t, LOOPBACK)
  assert.equal(both[0].port4, both[0].port6)
  await exchange(...both)
})

test('a listener hears of values, and of their end', async (t) => {
  const pair = await startPair(t, LOOPBACK_4)
  for (const node of pair) node.registerType(SHORT_LIVED)
  const [a, b] = pair
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const put = (text: string): Promise<unknown> =>
    a.put('news', { data: utf8(text), type: SHORT_LIVED.id }, { signal })
  await put('first')
  const events: string[] = []
  for await (const { value, expired } of b.listen('news', { signal })) {
    events.push(`${textOf(value)}${expired ? ' expired' : ''}`)
    if (events.length === 1) await put('second')
    if (events.length === 4) break
  }
  assert.deepEqual(events, ['first', 'second', 'first expired', 'second expired'])
})

test('a node on its own keeps what it puts, and says so', async (t) => {
  const node = await start(t, LOOPBACK_4)
  await assert.rejects(node.put('key', 'kept'), (error) => {
    assert.ok(error instanceof PutError)
    assert.equal(error.code, 'ERR_DHT_NO_NODES')
    assert.equal(textOf(error.value), 'kept')
    return true
  })
  assert.deepEqual((await node.getAll('key')).map(textOf), ['kept'])
  assert.deepEqual(node.getLocal('key').map(textOf), ['kept'])
  await assert.rejects(node.getAll('other key'), { code: 'ERR_DHT_NO_NODES' })
})

test('operations wait for the bootstrap, and fail only when it did', async (t) => {
  const silent = createSocket('udp4')
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const bootstrap = [`127.0.0.1:${silent.address().port}`]
  const node = await start(t, { ...LOOPBACK_4, bootstrap })
  const statuses: string[] = []
  node.onStatus(({ ipv4 }) => statuses.push(ipv4))
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await assert.rejects(node.put('key', 'x', { signal }), { code: 'ERR_DHT_NO_NODES' })
  assert.equal(node.status().overall, 'disconnected')
  assert.equal(statuses.at(-1), 'disconnected')
})

test('a host that is added later connects the node', async (t) => {
  const a = await start(t, LOOPBACK_4)
  const resolver = async (host: string): Promise<string[]> => {
    assert.equal(host, 'entry.test')
    return ['127.0.0.1']
  }
  const b = await start(t, { ...LOOPBACK_4, resolver })
  b.bootstrap(`entry.test:${a.port4}`)
  assert.deepEqual(b.bootstrapHosts, [`entry.test:${a.port4}`])
  await b.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  assert.equal(await b.ping(`entry.test:${a.port4}`), true)
  assert.throws(() => b.bootstrap('entry.test:x'), RangeError)
  assert.deepEqual(
    b.exportNodes().map(({ id }) => `${id}`),
    [`${a.id}`],
  )
})

test('peers tell a node its public address', async (t) => {
  const a = await start(t, LOOPBACK_4)
  const b = await start(t, LOOPBACK_4)
  const told = new Promise<string[]>((resolve) => {
    b.onPublicAddress((addresses) => resolve(addresses.map(String)))
  })
  b.bootstrap(`${a.addresses[0]}`)
  assert.deepEqual(await told, [`${b.addresses[0]}`])
  assert.deepEqual(b.publicAddresses().map(String), [`${b.addresses[0]}`])
})

test('close ends pending operations and frees the ports', async (t) => {
  const silent = createSocket('udp4')
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const bootstrap = [`127.0.0.1:${silent.address().port}`]
  const node = await DhtRunner.start({ ...LOOPBACK_4, bootstrap })
  const port = node.port4!
  const closed = { code: 'ERR_DHT_CLOSED' }
  const ends = [
    assert.rejects(node.getAll('key'), closed),
    assert.rejects(node.put('key', 'x'), closed),
    assert.rejects(node.ping(bootstrap[0]!), closed),
  ]
  const listening = (async () => {
    for await (const _event of node.listen('other key')) assert.fail('nobody put anything')
  })()
  assert.equal(node.close(), node.close())
  await Promise.all([...ends, listening, node.close()])
  await assert.rejects(node.put('key', 'x'), closed)
  await assert.rejects(node.ping('127.0.0.1:9'), closed)
  node.connectivityChanged()
  node.bootstrap('127.0.0.1')
  await using again = await DhtRunner.start({ ...LOOPBACK_4, port })
  assert.equal(again.port4, port)
})

test('a port in use is an error that names it', async (t) => {
  const node = await start(t, LOOPBACK_4)
  const port = node.port4!
  await assert.rejects(DhtRunner.start({ ...LOOPBACK_4, port }), {
    name: 'DhtError',
    code: 'ERR_DHT_BIND',
    message: new RegExp(`^Cannot bind UDP port ${port} of 127\\.0\\.0\\.1: EADDRINUSE\\. Choose`),
  })
})

test('wrong options are refused before a socket is opened', async () => {
  const wrong = (options: object): RunnerOptions => ({
    ...LOOPBACK_4,
    openTransport: () => assert.fail('no socket wanted'),
    ...options,
  })
  const cases: [object, RegExp][] = [
    [{ port: -1 }, /^RangeError: port/],
    [{ bind4: 'localhost' }, /^RangeError: bind4/],
    [{ bind4: false }, /^RangeError: bind4 and bind6/],
    [{ bootstrap: ['a:b'] }, /^RangeError: port .*"a:b"/],
    [{ bootstrap: 'a' }, /^TypeError: bootstrap/],
    [{ network: -1 }, /^RangeError: network/],
    [{ id: new InfoHash() }, /^RangeError: id/],
    [{ maxSearches: 1.5 }, /^RangeError: maxSearches/],
    [{ statePath: '' }, /^TypeError: statePath/],
    [{ stateIntervalMs: 0 }, /^RangeError: stateIntervalMs/],
    [{ transport: 'tcp' }, /^TypeError: transport/],
    [{ receiveCoalescingMs: -1 }, /^RangeError: receiveCoalescingMs/],
    [{ boostrap: ['a'] }, /^TypeError: There is no option "boostrap"\. Did you mean bootstrap\?$/],
    [{ colour: 'blue' }, /^TypeError: There is no option "colour"$/],
    [{ colour: undefined, port: -1 }, /^RangeError: port/],
  ]
  for (const [options, message] of cases)
    await assert.rejects(DhtRunner.start(wrong(options)), message)
})

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opendht-runner-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('with a state file a node comes back as itself', async (t) => {
  const statePath = join(await scratch(t), 'state')
  const peer = await start(t, LOOPBACK)
  const options = { ...LOOPBACK, statePath }
  const before = await DhtRunner.start({ ...options, bootstrap: peer.addresses.map(String) })
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await before.put('key', 'remembered', { signal })
  const { id, port4, port6 } = before
  await before.close()
  const after = await start(t, { ...options, id: InfoHash.get('another id') })
  assert.equal(`${after.id}`, `${id}`)
  assert.equal(after.port4, port4)
  assert.equal(after.port6, port6)
  assert.deepEqual(after.getLocal('key').map(textOf), ['remembered'])
  await after.whenConnected({ signal })
})

test('a state file is written while the node runs', async (t) => {
  const statePath = join(await scratch(t), 'state')
  const node = await start(t, { ...LOOPBACK_4, statePath, stateIntervalMs: 10 })
  await poll(
    () =>
      readFile(statePath).then(
        () => true,
        () => false,
      ),
    DEADLINE_MS,
    'state file',
  )
  await assert.rejects(node.put('key', 'x'), { code: 'ERR_DHT_NO_NODES' })
  const has = async (): Promise<boolean> => (await readFile(statePath, 'latin1')).includes('data')
  await poll(has, DEADLINE_MS, 'value in the state file')
})

test('a corrupt state file is kept, and the node starts afresh', async (t) => {
  const directory = await scratch(t)
  const statePath = join(directory, 'state')
  await writeFile(statePath, 'something else')
  const lines: string[] = []
  const log = { enabled: () => true, write: (_: string, text: string) => void lines.push(text) }
  const node = await start(t, { ...LOOPBACK_4, statePath, log })
  await node.close()
  const files = await readdir(directory)
  assert.deepEqual(files.sort(), ['state', 'state.corrupt', 'state_port.txt'])
  assert.ok(lines.some((line) => line.includes('corrupt')))
})

test('a state file that cannot be written is an error at the start', async (t) => {
  const statePath = join(await scratch(t), 'missing', 'state')
  await assert.rejects(DhtRunner.start({ ...LOOPBACK_4, statePath }), { code: 'ERR_DHT_STATE' })
})

test('garbage from the network changes nothing', async (t) => {
  const [a, b] = await startPair(t, LOOPBACK_4)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  for (let i = 0; i < 200; i++) {
    const bytes = new Uint8Array(i % 50).map((_, at) => (i * 31 + at * 17) & 255)
    await new Promise((resolve) => socket.send(bytes, a.port4, '127.0.0.1', resolve))
  }
  await exchange(a, b)
  const { dropped } = await a.stats()
  assert.ok(dropped.malformed > 0)
})

test('datagrams that waited through a standstill are dropped and counted', async (t) => {
  const [a, b] = await startPair(t, LOOPBACK_4)
  const signal = AbortSignal.timeout(DEADLINE_MS)
  assert.equal(await a.ping(`${b.addresses[0]}`, { signal }), true)
  const answer = a.ping(`${b.addresses[0]}`, { signal })
  // The standstill itself: longer than the limit and the pulse of the watch together.
  const until = performance.now() + 1200
  while (performance.now() < until);
  await answer
  assert.ok(a.transportStats[0]!.stats.stale + b.transportStats[0]!.stats.stale > 0)
  await exchange(a, b)
})

test('a hundred nodes in one process form a network', async (t) => {
  const first = await start(t, LOOPBACK_4)
  const bootstrap = [`${first.addresses[0]}`]
  const others = await Promise.all(
    Array.from({ length: 99 }, () => start(t, { ...LOOPBACK_4, bootstrap })),
  )
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await Promise.all(others.map((node) => node.whenConnected({ signal })))
  const { nodes } = await others[3]!.put('shared', 'by many', { signal })
  assert.ok(nodes.length >= 8)
  // A network that is a second old does not know itself yet: some look more than once.
  const finds = async (node: DhtRunner): Promise<boolean> => {
    const value = await node.getFirst('shared', { signal })
    return value !== undefined && textOf(value) === 'by many'
  }
  await Promise.all(others.map((node) => poll(() => finds(node), DEADLINE_MS, 'not found')))
})
