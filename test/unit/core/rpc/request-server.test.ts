// SPDX-License-Identifier: MIT
// What a node answers to ping, find, get, put and refresh, asked by a scripted peer.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtConfig } from '../../../../src/core/config.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'
import { toByteText } from '../../../../src/core/util/bytes.ts'
import { unpackFields } from '../../../../src/core/value/field-value-index.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { QUERY_ALL, QUERY_IDS_SEQ, Query, Where } from '../../../../src/core/value/query.ts'
import type { Value } from '../../../../src/core/value/value.ts'
import { Kind, type Message } from '../../../../src/core/wire/message.ts'
import { readValues } from '../../../../src/core/wire/value-list.ts'
import {
  BELIEVE_ALL,
  idNear,
  KEY,
  peerAddress,
  signed,
  text,
  textOf,
} from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode, WALL_OFFSET_MS } from '../../../support/mini-network.ts'
import { readCompactNodes } from '../../../support/node-list.ts'

const MINUTE_MS = 60_000
const OTHER_KEY = InfoHash.get('another key')

class World {
  readonly net = new MiniNetwork(41)
  readonly node: MiniNode
  peer: FakePeer

  constructor(config: DhtConfig = {}) {
    this.node = this.net.add(config, { verifier: BELIEVE_ALL })
    this.peer = new FakePeer(this.net, InfoHash.get('peer'), peerAddress(250))
  }

  /** Peers that the node knows as good ones. */
  surround(count: number, makeId: (n: number) => InfoHash): FakePeer[] {
    const peers = Array.from(
      { length: count },
      (_, n) => new FakePeer(this.net, makeId(n), peerAddress(n + 1)),
    )
    for (const peer of peers) this.node.dht.insertNode(peer, this.net.now)
    this.net.run(100)
    return peers
  }

  find(target: InfoHash): Message {
    return this.peer.ask(this.node.address, (e, w, tid) => e.find(w, tid, target, []))[0]!
  }

  get(key: InfoHash, query: Query = QUERY_ALL): Message {
    return this.peer.ask(this.node.address, (e, w, tid) => e.get(w, tid, key, query))[0]!
  }

  put(values: Value | Value[], options: { key?: InfoHash; token?: Uint8Array; c?: number } = {}) {
    const { key = KEY, token = this.peer.tokenOf(this.node.address), c } = options
    const packed = [values].flat().map(packedValue)
    return this.peer.ask(this.node.address, (e, w, tid) =>
      e.put(w, tid, key, { kind: 'values', packed }, toByteText(token), c),
    )
  }

  refresh(id: bigint, options: { key?: InfoHash; token?: Uint8Array } = {}): Message {
    const { key = KEY, token = this.peer.tokenOf(this.node.address) } = options
    return this.peer.ask(this.node.address, (e, w, tid) =>
      e.refresh(w, tid, key, id, toByteText(token)),
    )[0]!
  }

  get stored(): string[] {
    return this.node.dht.localValues(KEY).map(textOf)
  }
}

function listed(message: Message): string[] {
  return (readCompactNodes(message, message.nodes4, 4, 99) ?? []).map(({ id }) => id.toString())
}

function codeOf(message: Message | undefined): number {
  assert.equal(message?.kind, Kind.Error)
  return message.errorCode
}

describe('a node that is asked', () => {
  it('acknowledges a ping with the address that it sees', () => {
    const { peer, node } = new World()
    const [answer] = peer.ask(node.address, (e, w, tid) => e.ping(w, tid))
    assert.equal(answer?.kind, Kind.Reply)
    assert(answer.id.equals(node.dht.id))
    const { offset, length } = answer.ownAddress
    assert.deepEqual([...answer.source.subarray(offset, offset + length)], [20, 0, 250, 1])
  })

  it('lists the eight closest nodes that are good, closest first, with a token', () => {
    const world = new World({ id: idNear(KEY, 40), maxAmplification: -1 })
    const peers = world.surround(12, (n) => idNear(KEY, n, n))
    peers[11]!.script = () => true
    world.net.run(9 * MINUTE_MS)
    const answer = world.find(KEY)
    const expected = peers
      .slice(3, 11)
      .toReversed()
      .map(({ id }) => id.toString())
    assert.deepEqual(listed(answer), expected)
    assert(answer.token.length > 0 && answer.token.length <= 64)
    assert.deepEqual(listed(world.get(KEY)), expected)
  })

  it('gives values, fields, or only nodes to a get', () => {
    const world = new World()
    world.put([text('a', 1n), signed('b', 2n, 4)])
    const all = world.get(KEY)
    assert.deepEqual(readValues(all).map(textOf), ['a', 'b'])
    const one = new Query(undefined, new Where([{ field: 1, value: 2n }]))
    assert.deepEqual(readValues(world.get(KEY, one)).map(textOf), ['b'])
    const fields = world.get(KEY, QUERY_IDS_SEQ)
    assert.equal(fields.valueCount, -1)
    fields.reader.reset(fields.source, fields.fieldsOffset, fields.source.length)
    const indexes = unpackFields(fields.reader)
    assert.deepEqual(
      indexes.map(({ id, seq }) => [id, seq]),
      [
        [1n, 0],
        [2n, 4],
      ],
    )
    const none = world.get(OTHER_KEY)
    assert.deepEqual([none.kind, none.valueCount, none.fieldsOffset], [Kind.Reply, -1, -1])
    assert(none.token.length > 0)
  })

  it('refuses a get and a put without key, and a put of a value without id', () => {
    const world = new World()
    assert.equal(codeOf(world.get(ZERO_HASH)), 203)
    assert.equal(codeOf(world.put(text('x', 1n), { key: ZERO_HASH })[0]), 203)
    assert.equal(codeOf(world.put(text('x', 0n))[0]), 203)
    assert.deepEqual(world.stored, [])
  })

  it('stores what comes with its token, and acknowledges each value', () => {
    const world = new World()
    const answers = world.put([text('a', 5n), text('b', 6n)])
    assert.deepEqual(
      answers.map(({ kind, valueId }) => [kind, valueId]),
      [
        [Kind.Reply, 5n],
        [Kind.Reply, 6n],
      ],
    )
    assert.deepEqual(world.stored, ['a', 'b'])
  })

  it('refuses wrong tokens, those of other addresses, and none', () => {
    const world = new World()
    const other = new FakePeer(world.net, InfoHash.get('other'), peerAddress(250, 4223))
    const tokens = [new Uint8Array(0), new Uint8Array(32), other.tokenOf(world.node.address)]
    for (const token of tokens) {
      assert.equal(codeOf(world.put(text('x', 1n), { token })[0]), 401)
      assert.equal(codeOf(world.refresh(1n, { token })), 401)
    }
    assert.deepEqual(world.stored, [])
  })

  it('honours a token for at least a quarter of an hour, and not for hours', () => {
    const world = new World()
    const token = world.peer.tokenOf(world.node.address)
    world.net.run(15 * MINUTE_MS)
    assert.equal(world.put(text('x', 1n), { token })[0]?.kind, Kind.Reply)
    world.net.run(76 * MINUTE_MS)
    assert.equal(codeOf(world.put(text('x', 1n), { token })[0]), 401)
  })

  it('acknowledges what it does not store: edits, and values whose life is over', () => {
    const world = new World()
    world.put(text('first', 1n))
    assert.equal(world.put(text('second', 1n))[0]?.valueId, 1n)
    const c = Math.floor((world.net.now + WALL_OFFSET_MS) / 1000) - 601
    assert.equal(world.put(text('old', 2n), { c })[0]?.valueId, 2n)
    assert.deepEqual(world.stored, ['first'])
  })

  it('ends values of one second one after the other, as they came', () => {
    const world = new World()
    const token = world.peer.tokenOf(world.node.address)
    world.net.run(1000 - ((world.net.now + WALL_OFFSET_MS) % 1000))
    const c = Math.floor((world.net.now + WALL_OFFSET_MS) / 1000) - 20
    const start = world.net.now
    world.put(text('first', 1n), { c, token })
    world.net.run(start + 500 - world.net.now)
    world.put(text('second', 2n), { c, token })
    world.net.run(start + 580_000 - 1 - world.net.now)
    assert.deepEqual(world.stored.sort(), ['first', 'second'])
    world.net.run(250)
    assert.deepEqual(world.stored, ['second'])
    world.net.run(500)
    assert.deepEqual(world.stored, [])
  })

  it('acknowledges but does not store values that are far from it', () => {
    const stored = (closer: number, farther: number): string[] => {
      const world = new World({ id: idNear(KEY, 10) })
      // A client asks, so that it does not count among the nodes around the key.
      world.peer = new FakePeer(world.net, OTHER_KEY, peerAddress(249), { isClient: true })
      world.surround(closer + farther, (n) => idNear(KEY, n < closer ? 20 + n : 2, n))
      assert.equal(world.put(text('x', 1n))[0]?.valueId, 1n)
      return world.stored
    }
    assert.deepEqual(stored(8, 0), [])
    assert.deepEqual(stored(7, 0), ['x'])
    assert.deepEqual(stored(8, 1), ['x'])
  })

  it('prolongs a value that is put again or refreshed', () => {
    const world = new World()
    world.put(text('a', 1n))
    world.put(text('b', 2n))
    world.put(text('c', 3n))
    world.net.run(9 * MINUTE_MS)
    world.put(text('a', 1n))
    assert.equal(world.refresh(2n).valueId, 2n)
    world.net.run(2 * MINUTE_MS)
    assert.deepEqual(world.stored.sort(), ['a', 'b'])
    world.net.run(9 * MINUTE_MS)
    assert.deepEqual(world.stored, [])
  })

  it('refuses to refresh what it does not have', () => {
    const world = new World()
    assert.equal(codeOf(world.refresh(1n)), 404)
    world.put(text('x', 1n))
    assert.equal(codeOf(world.refresh(2n)), 404)
  })

  it('hears nothing of other networks', () => {
    const world = new World({ network: 7 })
    assert.deepEqual(
      world.peer.ask(world.node.address, (e, w, tid) => e.ping(w, tid)),
      [],
    )
    const stats = world.node.dht.stats(world.net.now)
    assert.equal(stats.dropped.otherNetwork, 1)
    assert.equal(stats.ipv4.cached, 0)
    const mate = new FakePeer(world.net, InfoHash.get('mate'), peerAddress(249), { network: 7 })
    const [answer] = mate.ask(world.node.address, (e, w, tid) => e.ping(w, tid))
    assert.equal(answer?.network, 7)
  })
})

describe('a client', () => {
  it('is answered but never listed', () => {
    const world = new World()
    const client = new FakePeer(world.net, KEY, peerAddress(100), { isClient: true })
    assert.equal(client.ask(world.node.address, (e, w, tid) => e.ping(w, tid)).length, 1)
    client.tokenOf(world.node.address)
    world.net.run(30_000)
    const { good, dubious, cached } = world.node.dht.stats(world.net.now).ipv4
    assert.deepEqual({ good, dubious, cached }, { good: 0, dubious: 0, cached: 1 })
    assert.deepEqual(listed(world.find(KEY)), [])
  })

  it('marks all that it sends, and stores nothing', () => {
    const world = new World({ clientMode: true })
    const [answer] = world.peer.ask(world.node.address, (e, w, tid) => e.ping(w, tid))
    assert.equal(answer?.isClient, true)
    assert.equal(world.put(text('x', 1n))[0]?.valueId, 1n)
    assert.deepEqual(world.stored, [])
    const { operation } = world.node.dht.startPut(KEY, text('own', 2n), {}, world.net.now)
    assert.equal(world.net.finish(world.node, operation), 'ok')
    assert(world.peer.requests(Kind.Put).every(({ message }) => message.isClient))
    assert.deepEqual(world.stored, ['own'])
  })
})
