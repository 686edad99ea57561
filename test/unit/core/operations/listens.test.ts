// SPDX-License-Identifier: MIT
// Listens as the user sees them: every change once, whoever reports it; and what they cost.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { Field, QUERY_ALL, Query, Where } from '../../../../src/core/value/query.ts'
import type { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import {
  BELIEVE_ALL,
  byDistance,
  changesOf,
  idNear,
  KEY,
  outcomesOf,
  peerAddress,
  signed,
  text,
  textsOf,
} from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { Traffic } from '../../../support/traffic.ts'

const MINUTE_MS = 60_000

interface World {
  readonly net: MiniNetwork
  /** Far from the key, like the writer. */
  readonly listener: MiniNode
  readonly writer: MiniNode
}

function settled(families: readonly (4 | 6)[] = [4]): World {
  const net = new MiniNetwork(31)
  net.addMany(24, { families }, { verifier: BELIEVE_ALL })
  net.join(5 * MINUTE_MS)
  const [writer, listener] = byDistance(net.nodes, KEY).slice(-2) as [MiniNode, MiniNode]
  return { net, listener, writer }
}

function listen({ net, listener }: World, query: Query = QUERY_ALL): number {
  const operation = listener.dht.startListen(KEY, query, net.now)
  net.run(1000)
  return operation
}

function put({ net, writer }: World, value: Value, permanent = false): void {
  const { operation } = writer.dht.startPut(KEY, value, { permanent }, net.now)
  assert.equal(net.finish(writer, operation), 'ok')
  net.run(1000)
}

describe('a listen', () => {
  it('tells own values at once, and those of others once each', () => {
    const world = settled()
    const { net, listener } = world
    put(world, text('theirs', 1n))
    listener.dht.startPut(KEY, text('own', 2n), {}, net.now)
    net.run(1000)
    const operation = listener.dht.startListen(KEY, QUERY_ALL, net.now)
    net.pump(listener)
    assert.deepEqual(changesOf(listener, operation), ['+own'])
    net.run(1000)
    put(world, text('later', 3n))
    assert.deepEqual(changesOf(listener, operation), ['+own', '+theirs', '+later'])
  })

  it('tells every revision of a signed value once', () => {
    const world = settled()
    const operation = listen(world)
    for (let seq = 0; seq < 4; seq++) put(world, signed(`revision ${seq}`, 1n, seq))
    const changes = changesOf(world.listener, operation)
    assert.deepEqual(changes, ['+revision 0', '+revision 1', '+revision 2', '+revision 3'])
  })

  it('tells nothing of refreshes, and the end of a value once', () => {
    const world = settled()
    const { net, writer, listener } = world
    const operation = listen(world)
    put(world, text('x', 1n), true)
    net.run(25 * MINUTE_MS)
    assert.deepEqual(changesOf(listener, operation), ['+x'])
    writer.dht.cancelPut(KEY, 1n, net.now)
    net.run(MINUTE_MS)
    assert.deepEqual(changesOf(listener, operation), ['+x'], 'others keep it for now')
    net.run(9 * MINUTE_MS)
    assert.deepEqual(changesOf(listener, operation), ['+x', '-x'])
    put(world, text('x', 1n))
    assert.deepEqual(changesOf(listener, operation), ['+x', '-x', '+x'])
  })

  it('tells only what its conditions ask for', () => {
    const world = settled()
    const where = new Where([{ field: Field.Id, value: 2n }])
    const operation = listen(world, new Query(undefined, where))
    const seq = listen(world, new Query(undefined, new Where([{ field: Field.Seq, value: 7 }])))
    put(world, text('one', 1n))
    put(world, text('two', 2n))
    put(world, signed('three', 3n, 7))
    assert.deepEqual(changesOf(world.listener, operation), ['+two'])
    assert.deepEqual(changesOf(world.listener, seq), ['+three'])
    world.net.run(11 * MINUTE_MS)
    assert.deepEqual(changesOf(world.listener, operation), ['+two', '-two'])
  })

  it('tells everything once with two families', () => {
    const world = settled([4, 6])
    const operation = listen(world)
    put(world, text('x', 1n))
    put(world, signed('s', 2n, 1))
    put(world, signed('t', 2n, 2))
    world.net.run(12 * MINUTE_MS)
    const changes = changesOf(world.listener, operation)
    assert.deepEqual(changes.slice(0, 3), ['+x', '+s', '+t'])
    assert.deepEqual(changes.slice(3).sort(), ['-t', '-x'])
  })

  it('tells nothing any more after it was cancelled', () => {
    const world = settled()
    const { net, listener } = world
    const operation = listen(world)
    listener.dht.cancel(operation, net.now)
    put(world, text('x', 1n))
    listener.dht.startPut(KEY, text('own', 2n), {}, net.now)
    net.run(11 * MINUTE_MS)
    assert.deepEqual(changesOf(listener, operation), [])
    assert.deepEqual(outcomesOf(listener, operation), [])
  })
})

describe('the registrations of a listen', () => {
  it('are four, renewed about every 20 s with the same socket id', () => {
    const world = settled()
    const { net, listener } = world
    const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Listen)
    listen(world)
    net.run(5 * MINUTE_MS)
    const closest = byDistance(net.nodes, KEY).slice(0, 4)
    const sent = traffic.find({ from: listener.address })
    assert.deepEqual(
      new Set(sent.map(({ to }) => `${to}`)),
      new Set(closest.map(({ address }) => `${address}`)),
    )
    for (const { address } of closest) {
      const listens = sent.filter(({ to }) => to.equals(address))
      assert.equal(new Set(listens.map(({ message }) => message.socketId)).size, 1)
      for (const [i, { at }] of listens.entries()) {
        if (i === 0) continue
        const sinceMs = at - listens[i - 1]!.at
        assert(sinceMs > (i === 1 ? 9500 : 19_500) && sinceMs < 20_500, `${sinceMs} ms`)
      }
      assert(listens.length >= 15)
    }
  })

  it('are renewed sooner the first time, those of many spread over ten seconds', () => {
    const { net, listener } = settled()
    const keys = 100
    const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Listen)
    for (let i = 0; i < keys; i++) {
      listener.dht.startListen(InfoHash.get(`${i}`), QUERY_ALL, net.now)
    }
    net.run(5000)
    traffic.clear()
    const start = net.now
    const perSecond = Array.from({ length: 18 }, () => 0)
    net.run(18_000)
    for (const { at } of traffic.find({ from: listener.address })) {
      perSecond[Math.floor((at - start) / 1000)]!++
    }
    assert(Math.max(...perSecond) < keys, `${perSecond}`)
    assert(perSecond.filter((count) => count > 0).length >= 8, `${perSecond}`)
  })

  it('are renewed together, although nodes acknowledge one after the other', () => {
    const net = new MiniNetwork(1)
    const node = net.add()
    const waiting: (() => void)[] = []
    const peers = Array.from({ length: 4 }, (_, n) => {
      const peer = new FakePeer(net, idNear(KEY, 100, n), peerAddress(n + 1))
      peer.script = (_, request) => {
        const isFirst = request.message.kind === Kind.Listen && waiting.length < 4
        if (isFirst) waiting.push(() => peer.serve(request))
        return isFirst
      }
      node.dht.insertNode(peer, net.now)
      net.run(100)
      return peer
    })
    node.dht.startListen(KEY, QUERY_ALL, net.now)
    net.run(50)
    for (const acknowledge of waiting) {
      acknowledge()
      net.run(20)
    }
    net.run(5000)
    const start = net.now
    net.run(MINUTE_MS)
    const times = peers.map((peer) => peer.requests(Kind.Listen).map(({ at }) => at))
    const renewals = times.map((each) => each.filter((at) => at > start))
    assert.equal(renewals[0]!.length, 3)
    for (const each of renewals) assert.deepEqual(each, renewals[0])
    net.delayMs = 50
    net.runUntil(() => peers[3]!.requests(Kind.Listen).length > times[3]!.length)
    const steppedAgoMs = (): number =>
      node.dht.searches(4, net.now).find(({ key }) => key.equals(KEY))!.lastStepAgoMs
    const before = steppedAgoMs()
    net.run(1000)
    assert.equal(steppedAgoMs(), before + 1000, 'acknowledgements are no steps')
  })

  it('are shared by equal listens, without another packet', () => {
    const world = settled()
    const { net, listener } = world
    put(world, text('x', 1n))
    listen(world)
    const traffic = new Traffic(net)
    const second = listener.dht.startListen(KEY, QUERY_ALL, net.now)
    net.pump(listener)
    assert.deepEqual(changesOf(listener, second), ['+x'])
    net.run(5000)
    assert.equal(traffic.find({ from: listener.address, kind: Kind.Listen }).length, 0)
    put(world, text('y', 2n))
    assert.deepEqual(changesOf(listener, second), ['+x', '+y'])
  })

  it('linger for a minute after the last listener left, then end in silence', () => {
    const world = settled()
    const { net, listener } = world
    const operation = listen(world)
    put(world, text('x', 1n))
    listener.dht.cancel(operation, net.now)
    const cancelledAt = net.now
    const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Listen)
    net.run(40_000)
    const again = listener.dht.startListen(KEY, QUERY_ALL, net.now)
    net.pump(listener)
    assert.deepEqual(changesOf(listener, again), ['+x'], 'from the cache')
    listener.dht.cancel(again, net.now)
    net.run(10 * MINUTE_MS)
    const times = traffic.find({ from: listener.address }).map(({ at }) => at - cancelledAt)
    assert(times.length > 0 && Math.max(...times) <= 100_000, `${times}`)
    assert.equal(
      listener.dht.searches(4, net.now).some(({ key }) => key.equals(KEY)),
      true,
    )
  })

  it('answer a get without a packet once they are all made', () => {
    const world = settled()
    const { net, listener } = world
    put(world, text('x', 1n))
    listen(world)
    put(world, text('y', 2n))
    // By now what the nodes held has been pushed, were it at the third attempt.
    net.run(10_000)
    const traffic = new Traffic(net)
    const narrow = new Query(undefined, new Where([{ field: Field.Id, value: 2n }]))
    for (const [query, texts] of [
      [QUERY_ALL, ['x', 'y']],
      [narrow, ['y']],
    ] as const) {
      const operation = listener.dht.startGet(KEY, query, net.now)
      net.pump(listener)
      assert.deepEqual(outcomesOf(listener, operation), ['ok'])
      assert.deepEqual(textsOf(listener, operation), texts)
    }
    net.run(1000)
    assert.equal(traffic.count({ from: listener.address, kind: Kind.Get }), 0)
  })

  it('last for minutes between renewals when the address is stable', () => {
    const world = settled()
    const { net } = world
    const node = net.add({ publicStable: true })
    net.enter(node, net.nodes[0]!)
    net.run(5000)
    const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Listen)
    node.dht.startListen(KEY, QUERY_ALL, net.now)
    net.run(14 * MINUTE_MS)
    const count = traffic.count({ from: node.address })
    assert(count >= 12 && count <= 16, `${count} listens`)
  })
})
