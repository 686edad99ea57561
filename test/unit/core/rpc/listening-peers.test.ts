// SPDX-License-Identifier: MIT
// What a storing node tells to peers that listen: pushes of both protocol versions, and their end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_LISTENERS_PER_NODE } from '../../../../src/core/constants.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'
import { toByteText } from '../../../../src/core/util/bytes.ts'
import { Field, Query, Where } from '../../../../src/core/value/query.ts'
import type { Value } from '../../../../src/core/value/value.ts'
import { Kind, type Message } from '../../../../src/core/wire/message.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { readValues } from '../../../../src/core/wire/value-list.ts'
import { BELIEVE_ALL, KEY, peerAddress, signed, text, textOf } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000
const SOCKET = 4711

class World {
  readonly net = new MiniNetwork(51)
  readonly node: MiniNode = this.net.add({}, { verifier: BELIEVE_ALL })
  readonly peer = new FakePeer(this.net, InfoHash.get('peer'), peerAddress(1))

  listen(options: { query?: Query; socket?: number; key?: InfoHash; token?: Uint8Array } = {}) {
    const { peer, node } = this
    const { query, socket = SOCKET, key = KEY, token = peer.tokenOf(node.address) } = options
    return peer.ask(node.address, (e, w, tid) =>
      e.listen(w, tid, key, toByteText(token), socket, query),
    )
  }

  /** A listen without `ve`, as peers sent it long ago. */
  listenAsVersion0(): void {
    const token = this.peer.tokenOf(this.node.address)
    const writer = new MsgpackWriter()
    writer.mapHeader(4)
    writer.key('a')
    writer.mapHeader(4)
    for (const [key, hash] of [
      ['id', this.peer.id],
      ['h', KEY],
    ] as const) {
      writer.key(key)
      writer.hash(hash)
    }
    writer.key('token')
    writer.binary(token)
    writer.key('sid')
    writer.unsigned(SOCKET)
    writer.key('q')
    writer.key('listen')
    writer.key('t')
    writer.unsigned(77)
    writer.key('y')
    writer.key('q')
    this.net.send(this.peer.address, this.node.address, writer.take())
    this.net.run(100)
  }

  /** The node itself puts; without other nodes the value stays with it. */
  store(value: Value): void {
    this.node.dht.startPut(KEY, value, {}, this.net.now)
    this.net.run(100)
  }

  get updates(): Message[] {
    return this.peer.requests(Kind.Update).map(({ message }) => message)
  }

  /** Pushes as texts: values, `re` and `exp` with ids. */
  get told(): string[] {
    return this.updates.flatMap((message) => {
      if (message.refreshed !== undefined) return [`re ${message.refreshed}`]
      if (message.expired !== undefined) return [`exp ${message.expired}`]
      return readValues(message).map(textOf)
    })
  }
}

describe('a peer that listens', () => {
  it('gets what is there before the answer, and a token with it', () => {
    const world = new World()
    world.store(text('a', 1n))
    const [answer] = world.listen()
    assert.equal(answer?.kind, Kind.Reply)
    assert(answer.token.length > 0)
    const kinds = world.peer.received.map(({ message }) => message.kind)
    assert(kinds.indexOf(Kind.Update) < kinds.lastIndexOf(Kind.Reply))
    const [update] = world.updates
    assert.equal(update?.socketId, SOCKET)
    assert.equal(update.version, 1)
    assert(update.hash.equals(KEY) && update.token.length > 0)
    assert.deepEqual(world.told, ['a'])
  })

  it('hears of new values, edits, refreshes and ends', () => {
    const world = new World()
    world.listen()
    world.store(signed('first', 1n, 1))
    world.store(signed('second', 1n, 2))
    const token = world.peer.tokenOf(world.node.address)
    world.peer.ask(world.node.address, (e, w, tid) => e.refresh(w, tid, KEY, 1n, toByteText(token)))
    world.net.run(100)
    assert.deepEqual(world.told, ['first', 'second', 're 1'])
    world.listen()
    world.net.run(9 * MINUTE_MS)
    world.listen()
    world.net.run(2 * MINUTE_MS)
    assert.deepEqual(world.told, ['first', 'second', 're 1', 'exp 1'])
  })

  it('hears only of values that match, but of all refreshes and ends', () => {
    const world = new World()
    const where = new Where([{ field: Field.Id, value: 2n }])
    world.listen({ query: new Query(undefined, where) })
    world.store(text('one', 1n))
    world.store(text('two', 2n))
    const token = world.peer.tokenOf(world.node.address)
    world.peer.ask(world.node.address, (e, w, tid) => e.refresh(w, tid, KEY, 1n, toByteText(token)))
    world.net.run(100)
    assert.deepEqual(world.told, ['two', 're 1'])
  })

  it('that repeats itself is only renewed, and may change its query', () => {
    const world = new World()
    world.store(text('one', 1n))
    world.listen()
    world.listen()
    assert.deepEqual(world.told, ['one'])
    world.listen({ query: new Query(undefined, new Where([{ field: Field.Id, value: 9n }])) })
    world.store(text('two', 2n))
    world.store(text('nine', 9n))
    assert.deepEqual(world.told, ['one', 'nine'])
    assert.equal(world.node.dht.stats(world.net.now).storage.listeners, 1)
  })

  it('is forgotten ten minutes after its last listen', () => {
    const world = new World()
    world.listen()
    world.net.run(9.9 * MINUTE_MS)
    world.store(text('in time', 1n))
    world.net.run(0.2 * MINUTE_MS)
    world.store(text('too late', 2n))
    assert.deepEqual(world.told, ['in time'])
    assert.equal(world.node.dht.stats(world.net.now).storage.listeners, 0)
  })

  it('needs a token and a key', () => {
    const world = new World()
    const codes = [
      world.listen({ token: new Uint8Array(32) })[0]?.errorCode,
      world.listen({ key: ZERO_HASH })[0]?.errorCode,
    ]
    assert.deepEqual(codes, [401, 203])
    assert.equal(world.node.dht.stats(world.net.now).storage.listeners, 0)
  })

  it('gets no answer beyond the registrations that a node may have', () => {
    const world = new World()
    const token = world.peer.tokenOf(world.node.address)
    for (let n = 0; n < MAX_LISTENERS_PER_NODE; n++) {
      world.peer.send(world.node.address, (e, w) =>
        e.listen(w, 1, InfoHash.get(`${n % 100}`), toByteText(token), n + 1, undefined),
      )
      if (n % 500 === 0) world.net.run(2000)
    }
    world.net.run(2000)
    const { listeners } = world.node.dht.stats(world.net.now).storage
    assert.equal(listeners, MAX_LISTENERS_PER_NODE)
    assert.deepEqual(world.listen({ token, socket: 99_999 }), [])
    assert.equal(
      world.listen({ token, socket: 1, key: InfoHash.get('0') }).length,
      1,
      'renewals go on',
    )
  })

  it('that does not acknowledge gets each push five times', () => {
    const world = new World()
    world.listen()
    world.peer.script = () => true
    world.store(text('x', 1n))
    world.net.run(30_000)
    assert.deepEqual(world.told, ['x', 'x', 'x', 'x', 'x'])
    assert.equal(new Set(world.updates.map(({ tid }) => tid)).size, 1)
  })

  it('that acknowledged nothing gets what follows once, until it is heard of', () => {
    const world = new World()
    world.listen()
    world.peer.script = () => true
    world.store(text('x', 1n))
    world.net.run(30_000)
    world.peer.received.length = 0
    world.store(text('y', 2n))
    world.node.dht.cancelPut(KEY, 2n, world.net.now)
    world.net.run(30_000)
    assert.deepEqual(world.told, ['y', 'exp 2'])
    world.peer.script = (_, { message }) => message.kind === Kind.Update
    world.peer.ask(world.node.address, (e, w, tid) => e.ping(w, tid))
    world.peer.received.length = 0
    world.store(text('z', 3n))
    world.net.run(30_000)
    assert.deepEqual(world.told, ['z', 'z', 'z', 'z', 'z'])
  })

  it('gets what it missed with its next listen, once', () => {
    const world = new World()
    world.listen()
    world.peer.script = (_, { message }) => message.kind === Kind.Update
    world.store(text('missed', 1n))
    world.net.run(MINUTE_MS)
    world.peer.script = () => false
    world.peer.received.length = 0
    world.listen()
    assert.deepEqual(world.told, ['missed'])
    world.listen()
    assert.deepEqual(world.told, ['missed'])
  })

  it('without `ve` gets unacknowledged replies and `u` maps under its socket id', () => {
    const world = new World()
    world.store(text('a', 1n))
    world.listenAsVersion0()
    world.store(text('b', 2n))
    world.net.run(9 * MINUTE_MS)
    world.listenAsVersion0()
    world.net.run(2 * MINUTE_MS)
    const pushes = world.peer.received
      .map(({ message }) => message)
      .filter(({ tid }) => tid === SOCKET)
    const told = pushes.flatMap((message) =>
      message.kind === Kind.Reply ? readValues(message).map(textOf) : [`exp ${message.expired}`],
    )
    assert.deepEqual(told, ['a', 'b', 'exp 1', 'exp 2'])
    assert(pushes.every(({ token }) => token.length > 0))
    assert.deepEqual(world.updates, [])
  })
})

describe('a push that nobody asked for', () => {
  it('is acknowledged and has no effect', () => {
    const world = new World()
    const operation = world.node.dht.startListen(KEY, new Query(), world.net.now)
    const token = new Uint8Array(8)
    const answers = world.peer.ask(world.node.address, (e, w, tid) =>
      e.update(w, tid, KEY, 12345, { kind: 'values', packed: [] }, token),
    )
    const ids = world.peer.ask(world.node.address, (e, w, tid) =>
      e.updateIds(w, tid, 12345, token, 'exp', [1n]),
    )
    assert.deepEqual(
      [...answers, ...ids].map(({ kind }) => kind),
      [Kind.Reply, Kind.Reply],
    )
    world.net.run(100)
    assert(
      !world.node.events.some((event) => event.kind === 'values' && event.operation === operation),
    )
  })
})
