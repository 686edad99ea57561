// SPDX-License-Identifier: MIT
// What a node sends to an address that somebody forged, and that honest strangers lack nothing.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtConfig } from '../../../../src/core/config.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { toByteText } from '../../../../src/core/util/bytes.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { Field, QUERY_ALL, QUERY_IDS_SEQ, Query, Where } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { idNear, KEY, peerAddress, text, textsOf } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

type Encode = (encoder: MessageEncoder, writer: MsgpackWriter, tid: number) => void

const HEADER_BYTES = 28
const VALUES = 40
const WRONG_TOKEN = new Uint8Array(16)
const LARGE = { kind: 'values', packed: [packedValue(text('x'.repeat(100), 5n))] } as const

/** A node among many of both families, with forty values of 500 bytes under KEY. */
function world(config: DhtConfig = {}): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork(41)
  const node = net.add({ id: idNear(KEY, 40), maxPeerRequestsPerSecond: -1, ...config })
  for (let n = 1; n <= 20; n++) {
    const peer4 = new FakePeer(net, idNear(KEY, 20, n), peerAddress(n))
    const peer6 = new FakePeer(
      net,
      idNear(KEY, 20, 100 + n),
      SocketAddress.v6(0x20010db8, n, 0, 1, 4222),
    )
    for (const peer of [peer4, peer6]) node.dht.insertNode(peer, net.now)
  }
  net.run(2000)
  const writer = new FakePeer(net, InfoHash.get('writer'), peerAddress(200))
  for (let i = 1; i <= VALUES; i++) {
    const packed = [packedValue(text(`${i}`.padEnd(500, '.'), BigInt(i)))]
    const token = writer.tokenOf(node.address)
    writer.ask(node.address, (e, w, tid) =>
      e.put(w, tid, KEY, { kind: 'values', packed }, toByteText(token), undefined),
    )
  }
  return { net, node }
}

/** Bytes that reach an address, with headers, for each byte of the requests in its name. */
function amplification(net: MiniNetwork, node: MiniNode, encode: Encode): number {
  const victim = peerAddress(250)
  let sent = 0
  let received = 0
  net.attach(victim, (bytes) => {
    received += bytes.length + HEADER_BYTES
  })
  for (let i = 0; i < 1000; i++) {
    const id = InfoHash.get(`forger ${i}`)
    const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: '' })
    const writer = new MsgpackWriter()
    encode(encoder, writer, i)
    const datagram = writer.take()
    sent += datagram.length + HEADER_BYTES
    net.send(victim, node.address, datagram)
    net.run(10)
  }
  net.run(30_000)
  return received / sent
}

const REQUESTS: Record<string, Encode> = {
  'a ping': (e, w, tid) => e.ping(w, tid),
  'a find': (e, w, tid) => e.find(w, tid, KEY, []),
  'a find of both families': (e, w, tid) => e.find(w, tid, KEY, [4, 6]),
  'a get of values': (e, w, tid) => e.get(w, tid, KEY, QUERY_ALL),
  'a get of one value': (e, w, tid) =>
    e.get(w, tid, KEY, new Query(undefined, new Where([{ field: Field.Id, value: 3n }]))),
  'a get of ids': (e, w, tid) => e.get(w, tid, KEY, QUERY_IDS_SEQ),
  'a get of nothing': (e, w, tid) => e.get(w, tid, InfoHash.get('nothing'), QUERY_ALL),
  'a put': (e, w, tid) => e.put(w, tid, KEY, LARGE, toByteText(WRONG_TOKEN), undefined),
  'a refresh': (e, w, tid) => e.refresh(w, tid, KEY, 3n, toByteText(WRONG_TOKEN)),
  'a listen': (e, w, tid) => e.listen(w, tid, KEY, toByteText(WRONG_TOKEN), 7, undefined),
  'an update': (e, w, tid) => e.update(w, tid, KEY, 7, LARGE, WRONG_TOKEN),
}

describe('in the name of somebody else', () => {
  for (const [name, encode] of Object.entries(REQUESTS)) {
    it(`${name} is answered with less than three times its bytes`, (t) => {
      const { net, node } = world()
      const factor = amplification(net, node, encode)
      t.diagnostic(`${name}: ${factor.toFixed(2)} times`)
      assert(factor > 0 && factor < 3, `${factor}`)
    })
  }

  it('a get takes values away from nobody', () => {
    const { net, node } = world({ maxAmplification: -1 })
    assert(amplification(net, node, REQUESTS['a get of values']!) > 50)
  })
})

describe('a stranger', () => {
  it('gets everything as soon as it has answered a ping', () => {
    const { net, node } = world()
    const stranger = new FakePeer(net, InfoHash.get('stranger'), peerAddress(251))
    stranger.send(node.address, (e, w) => e.get(w, 77, KEY, QUERY_ALL))
    net.run(500)
    const replies = stranger.received.filter(({ message }) => message.kind === Kind.Reply)
    assert.deepEqual(
      replies.map(({ message }) => [message.tid, message.valueCount]),
      [[77, VALUES]],
    )
    assert(stranger.requests(Kind.Ping).length > 0)
    assert(stranger.requests(Kind.Fragment).length >= VALUES)
    // From now on it is known.
    stranger.received.length = 0
    const [again] = stranger.ask(node.address, (e, w, tid) => e.get(w, tid, KEY, QUERY_ALL))
    assert.equal(again?.valueCount, VALUES)
  })

  it('that is a node like us gets nodes and a short value at once: its requests are padded', () => {
    const net = new MiniNetwork(43)
    const [first, ...others] = net.addMany(20)
    for (const other of others) net.enter(other, first!)
    net.run(20_000)
    const put = first!.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    assert.equal(net.finish(first!, put), 'ok')
    const newcomer = net.add()
    const sizes: number[] = []
    net.onSend = (bytes, from) => {
      const isGet = Buffer.from(bytes).includes('\xa3get', 'latin1')
      if (from === newcomer.addresses[0] && isGet) sizes.push(bytes.length)
    }
    for (const { dht, addresses } of net.nodes.slice(0, -1)) {
      newcomer.dht.insertNode({ id: dht.id, address: addresses[0]! }, net.now)
    }
    const get = newcomer.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(newcomer, get), 'ok')
    assert.deepEqual(textsOf(newcomer, get), ['x'])
    const stats = net.nodes.map(({ dht }) => dht.stats(net.now).unproven)
    assert.deepEqual(
      stats.reduce((sum, { held, shortened }) => sum + held + shortened, 0),
      0,
    )
    assert(Math.max(...sizes) > 150)
    // Who knows it is spared the zeros.
    sizes.length = 0
    net.finish(newcomer, newcomer.dht.startGet(KEY, QUERY_ALL, net.now))
    assert(sizes.length > 0 && Math.max(...sizes) < 100, `${sizes}`)
  })

  it('that has moved proves its new address', () => {
    const { net, node } = world()
    const stranger = new FakePeer(net, InfoHash.get('stranger'), peerAddress(251))
    stranger.send(node.address, (e, w) => e.get(w, 77, KEY, QUERY_ALL))
    net.run(500)
    const moved = new FakePeer(net, stranger.id, peerAddress(252))
    moved.script = () => true
    moved.send(node.address, (e, w) => e.get(w, 78, KEY, QUERY_ALL))
    net.run(500)
    const kinds = new Set(moved.received.map(({ message }) => message.kind))
    assert.deepEqual(kinds, new Set([Kind.Ping]))
  })

  it('has eight requests at most that wait for its answer', () => {
    const { net, node } = world()
    const stranger = new FakePeer(net, InfoHash.get('stranger'), peerAddress(251))
    stranger.script = () => true
    for (let tid = 1; tid <= 50; tid++) {
      stranger.send(node.address, (e, w) => e.get(w, tid, KEY, QUERY_ALL))
    }
    net.run(20)
    assert.equal(node.dht.stats(net.now).unproven.held, 8)
  })

  it('of too many at a time gets nodes at once, and values when it asks again', () => {
    const { net, node } = world()
    const strangers = Array.from(
      { length: 150 },
      (_, n) => new FakePeer(net, InfoHash.get(`s${n}`), peerAddress(1000 + n)),
    )
    for (const stranger of strangers) {
      stranger.script = (_, { message }) => message.kind === Kind.Ping
      stranger.send(node.address, (e, w) => e.get(w, 77, KEY, QUERY_ALL))
    }
    net.run(500)
    const brief = strangers.filter((it) => it.received.some(({ message }) => message.tid === 77))
    assert.equal(brief.length, 150 - 128)
    for (const { received } of brief) {
      const answer = received.find(({ message }) => message.tid === 77)!.message
      assert(answer.valueCount < 0 && answer.nodes4.length > 0 && answer.token.length > 0)
    }
    net.run(5000)
    const [late] = brief
    late!.script = () => false
    late!.send(node.address, (e, w) => e.get(w, 79, KEY, QUERY_ALL))
    net.run(500)
    assert(
      late!.received.some(({ message }) => message.tid === 79 && message.valueCount === VALUES),
    )
  })
})
