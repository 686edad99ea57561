// SPDX-License-Identifier: MIT
// Peer discovery with real sockets on the loopback interface: services, nodes, mistakes of users.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { MsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { PeerDiscoveryOptions } from '../../src/nodejs/discovery/discovery-options.ts'
import { PeerDiscovery } from '../../src/nodejs/discovery/peer-discovery.ts'
import type { RunnerOptions } from '../../src/nodejs/runner-options.ts'
import { poll } from '../support/watch.ts'

const LOOPBACK = { bind4: '127.0.0.1', bind6: false } as const
const PATIENCE_MS = 20_000

let lastPort = 20_000 + (process.pid % 10_000)

/** Each test has a group of its own. */
function place(): PeerDiscoveryOptions & { port: number } {
  return { ...LOOPBACK, port: ++lastPort }
}

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}

async function firstOf<T>(results: AsyncIterable<T>): Promise<T> {
  for await (const result of results) return result
  throw new Error('nothing was found')
}

describe('services', () => {
  test('are found when they come and when they were there before', async () => {
    const at = place()
    await using a = await PeerDiscovery.start(at)
    await using b = await PeerDiscovery.start(at)
    a.publish('lamp', { room: 'hall', watts: 7 })
    a.publish('door', [true])
    const lamp = await firstOf(b.discover('lamp', { signal: patience() }))
    assert.deepEqual(lamp.payload, { room: 'hall', watts: 7 })
    assert.deepEqual([lamp.service, lamp.from.host, lamp.zone], ['lamp', '127.0.0.1', undefined])
    const later = firstOf(a.discover('clock', { signal: patience() }))
    b.publish('clock', 'UTC')
    assert.equal((await later).payload, 'UTC')
    const door = await firstOf(b.discover('door', { signal: patience() }))
    assert.deepEqual(door.payload, [true])
  })

  test('of three processes that share the port each finds the others', async () => {
    const at = place()
    await using a = await PeerDiscovery.start(at)
    await using b = await PeerDiscovery.start(at)
    await using c = await PeerDiscovery.start(at)
    const all = [a, b, c]
    for (const [i, discovery] of all.entries()) discovery.publish('lamp', i)
    await Promise.all(
      all.map(async (discovery, own) => {
        const seen = new Set<MsgpackValue>()
        for await (const { payload } of discovery.discover('lamp', { signal: patience() })) {
          seen.add(payload)
          if (seen.size === 2) break
        }
        assert.ok(!seen.has(own), 'nobody finds itself')
      }),
    )
    assert.ok(a.stats().own > 0)
  })

  test('tell news, and nothing after the end', async () => {
    const at = place()
    await using a = await PeerDiscovery.start(at)
    await using b = await PeerDiscovery.start(at)
    const publication = a.publish('lamp', 'off')
    const seen: MsgpackValue[] = []
    for await (const { payload } of b.discover('lamp', { signal: patience() })) {
      seen.push(payload)
      if (payload === 'on') break
      publication.update('on')
    }
    assert.deepEqual(seen, ['off', 'on'])
    publication.close()
    assert.throws(() => publication.update('on'), { code: 'ERR_DHT_CLOSED' })
    a.publish('door', 1)
    await firstOf(b.discover('door', { signal: patience() }))
    a.publish('lamp', 'new')[Symbol.dispose]()
  })

  test('only what decode returns is reported', async () => {
    const at = place()
    await using a = await PeerDiscovery.start(at)
    await using b = await PeerDiscovery.start(at)
    const publication = a.publish('lamp', { watts: 'many' })
    const decode = (payload: MsgpackValue): { watts: number } | undefined => {
      const { watts } = payload as { watts?: unknown }
      return typeof watts === 'number' ? { watts } : undefined
    }
    const found = firstOf(b.discover('lamp', { decode, signal: patience() }))
    await poll(() => b.stats().refused > 0, PATIENCE_MS, 'a refused payload')
    publication.update({ watts: 7 })
    assert.deepEqual((await found).payload, { watts: 7 })
  })

  test('loops and publications end with their signals, and with discovery', async () => {
    const at = place()
    const discovery = await PeerDiscovery.start(at)
    const abort = new AbortController()
    const { signal } = abort
    discovery.publish('lamp', 1, { signal })
    const aborted = firstOf(discovery.discover('door', { signal }))
    const ended = firstOf(discovery.discover('clock'))
    const outcomes = Promise.allSettled([aborted, ended])
    abort.abort(new Error('enough'))
    discovery.publish('lamp', 2)
    await discovery.close()
    await discovery.close()
    const [first, second] = await outcomes
    assert.match(`${(first as PromiseRejectedResult).reason}`, /enough/)
    assert.match(`${(second as PromiseRejectedResult).reason}`, /nothing was found/)
    assert.throws(() => discovery.publish('lamp', 3), { code: 'ERR_DHT_CLOSED' })
    await assert.rejects(firstOf(discovery.discover('lamp')), { code: 'ERR_DHT_CLOSED' })
  })

  test('of strangers and damaged packets only counters know', async () => {
    const at = place()
    await using discovery = await PeerDiscovery.start(at)
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.setMulticastInterface('127.0.0.1')
    for (const bytes of [[0xc1], [], [0x81, 0xa1]]) {
      socket.send(Uint8Array.from(bytes), at.port, '239.192.0.1')
    }
    const { dropped } = await untilStats(discovery, (stats) => stats.received === 3)
    assert.equal(dropped.malformed, 3)
    socket.close()
  })
})

describe('nodes', () => {
  test('find each other without bootstrap', async () => {
    const { port } = place()
    await using a = await startNode({ port: 0, peerDiscovery: { port } })
    await using b = await startNode({ port: 0, peerDiscovery: { port } })
    await using stranger = await startNode({ port: 0, network: 8, peerDiscovery: { port } })
    for (const node of [a, b]) {
      await poll(() => node.status().overall === 'connected', PATIENCE_MS, 'connected')
    }
    await a.put('key', 'value')
    assert.equal((await b.getAll('key')).length, 1)
    assert.equal(stranger.status().overall, 'disconnected')
    assert.equal(stranger.exportNodes().length, 0)
  })

  test('ask again when they have lost everybody', async () => {
    const { port } = place()
    await using a = await startNode({ port: 0, peerDiscovery: { port } })
    const isPacket = () => a.discovery!.stats().queriesSent > 0
    await poll(isPacket, PATIENCE_MS, 'a first query')
    {
      await using b = await startNode({ port: 0, peerDiscovery: { port } })
      await poll(() => a.status().overall === 'connected', PATIENCE_MS, 'connected')
      await poll(() => b.status().overall === 'connected', PATIENCE_MS, 'connected')
    }
    let asked = 0
    const isLost = () => {
      if (a.status().overall === 'disconnected') return true
      asked = a.discovery!.stats().queriesSent
      return false
    }
    await poll(isLost, 60_000, 'disconnected')
    // The round that began at the start goes on, but not in this moment.
    await poll(() => a.discovery!.stats().queriesSent > asked, 700, 'a query in need')
  })

  test('share their sockets with the application', async () => {
    const { port } = place()
    await using a = await startNode({ port: 0, peerDiscovery: { port } })
    await using b = await startNode({ port: 0, peerDiscovery: { port } })
    a.discovery!.publish('chat', 'hello')
    const { payload } = await firstOf(b.discovery!.discover('chat', { signal: patience() }))
    assert.equal(payload, 'hello')
  })

  test('find without being found, and are found without looking', async () => {
    const { port } = place()
    await using quiet = await startNode({ port: 0, peerDiscovery: { port, publish: false } })
    await using blind = await startNode({ port: 0, peerDiscovery: { port, discover: false } })
    await using client = await startNode({ port: 0, clientMode: true, peerDiscovery: { port } })
    for (const node of [quiet, client]) {
      await poll(() => node.status().overall === 'connected', PATIENCE_MS, 'connected')
    }
    assert.equal(blind.discovery!.stats().queriesSent, 0)
    for (const node of [quiet, client]) {
      assert.equal(node.discovery!.stats().announcementsSent, 0)
    }
  })

  test('keep to themselves unless asked', async () => {
    await using node = await startNode({ port: 0 })
    assert.equal(node.discovery, undefined)
  })
})

describe('mistakes', () => {
  test('are named before anything happens', async () => {
    const wrong: [object, RegExp][] = [
      [{ port: 0 }, /^RangeError: port must be a whole number of 1 to 65535: got 0$/],
      [{ bind4: 'fd00::1' }, /^RangeError: bind4 must be an IPv4 address or false: got "fd00::1"$/],
      [{ bind4: false, bind6: false }, /^RangeError: bind4 and bind6 must not both be false$/],
    ]
    for (const [options, message] of wrong) {
      await assert.rejects(PeerDiscovery.start(options), message)
    }
    const nodes: [unknown, RegExp][] = [
      ['yes', /^TypeError: peerDiscovery must be a boolean or an object: got string$/],
      [{ publish: 1 }, /^TypeError: peerDiscovery\.publish must be a boolean: got number$/],
      [{ port: 70_000 }, /^RangeError: peerDiscovery\.port must be .*: got 70000$/],
    ]
    for (const [peerDiscovery, message] of nodes) {
      await assert.rejects(startNode({ peerDiscovery } as RunnerOptions), message)
    }
  })

  test('in names and payloads are named', async () => {
    await using discovery = await PeerDiscovery.start(place())
    assert.throws(() => discovery.publish('', 1), /service must be 1 to 255 bytes long: got 0/)
    assert.throws(() => discovery.discover(7 as never), /service must be a string: got number/)
    assert.throws(
      () => discovery.publish('lamp', new Date() as never),
      /payload must be .*: got Date/,
    )
    assert.throws(
      () => discovery.publish('lamp', 1, { family: 6 }),
      /family must be one that is used, 4: got 6/,
    )
    assert.throws(
      () => discovery.discover('lamp', { decode: 'text' as never }),
      /decode must be a function: got string/,
    )
    discovery.publish('lamp', 1)
    assert.throws(() => discovery.publish('lamp', 2), /"lamp" is published already/)
  })

  test('a port that another program keeps to itself is an error', async () => {
    const at = place()
    const socket = createSocket('udp4')
    socket.bind({ port: at.port, exclusive: true })
    await once(socket, 'listening')
    await assert.rejects(PeerDiscovery.start(at), {
      code: 'ERR_DHT_BIND',
      message: new RegExp(`Cannot bind UDP port ${at.port} .*EADDRINUSE. Another socket`),
    })
    const peerDiscovery = { port: at.port }
    await assert.rejects(startNode({ port: 0, peerDiscovery }), { code: 'ERR_DHT_BIND' })
    socket.close()
  })
})

function startNode(options: RunnerOptions): Promise<DhtRunner> {
  return DhtRunner.start({ ...LOOPBACK, network: 7, ...options })
}

async function untilStats(
  discovery: PeerDiscovery,
  fits: (stats: ReturnType<PeerDiscovery['stats']>) => boolean,
): Promise<ReturnType<PeerDiscovery['stats']>> {
  await poll(() => fits(discovery.stats()), PATIENCE_MS, 'counters')
  return discovery.stats()
}
