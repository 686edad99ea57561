// SPDX-License-Identifier: MIT
// Somebody uses the id of another node: until the new address is proved, nothing is done in the
// name of that node that would reach it at its old one.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { toByteText } from '../../../../src/core/util/bytes.ts'
import { Field, QUERY_ALL, Query, Where } from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { decodeMessage } from '../../../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../../../src/core/wire/message.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const KEY = InfoHash.get('key')
const ATTACKER = SocketAddress.v4(0x01020304, 4222)
const NOTHING = new Query(undefined, new Where([{ field: Field.Id, value: 999n }]))

suite('A node with the id of another one', () => {
  const id = InfoHash.get('twin')

  test('is ignored, counted, and told once', () => {
    const network = new MiniNetwork(1)
    const lines: string[] = []
    const log = { enabled: () => true, write: (_: string, text: string) => lines.push(text) }
    const [first, twin] = network.addMany(2, { id, families: [4] }, { log })
    network.join()
    network.enter(twin!, first!)
    network.run(20_000)
    assert.equal(
      network.nodes.every(({ dht }) => dht.stats(network.now).ipv4.cached === 0),
      true,
    )
    assert.ok(first!.dht.stats(network.now).dropped.ownId > 1)
    const told = lines.filter((line) => line.includes('has the id of this node'))
    assert.deepEqual(told, [`${twin!.address} has the id of this node and is ignored: ${id}`])
  })

  test('is not the node itself, which may name itself as a way into the network', () => {
    const network = new MiniNetwork(1)
    const lines: string[] = []
    const log = { enabled: () => true, write: (_: string, text: string) => lines.push(text) }
    const node = network.add({ id, families: [4] }, { log })
    network.enter(node, node)
    network.run(20_000)
    assert.ok(node.dht.stats(network.now).dropped.ownId > 0)
    assert.ok(!lines.some((line) => line.includes('has the id')))
  })
})

suite('A listen under the id of another node', () => {
  test('neither changes nor adds registrations of that node', () => {
    const { network, server, victim, socketId, listenAs } = start()
    assert.equal(listeners(server, network), 1)
    listenAs(victim, socketId)
    listenAs(victim, (socketId ^ 1) >>> 0)
    assert.equal(listeners(server, network), 1)
    put(network, server)
    assert.deepEqual(valuesOf(victim), [5n])
  })

  test('is taken when the node has answered from its new address', () => {
    const { network, server, victim, socketId, listenAs, answerPingsAs } = start()
    answerPingsAs(victim)
    victim.isDown = true
    listenAs(victim, (socketId ^ 1) >>> 0)
    assert.equal(listeners(server, network), 1)
    listenAs(victim, (socketId ^ 1) >>> 0)
    assert.equal(listeners(server, network), 2)
  })
})

suite('Many nodes whose ids somebody uses', () => {
  test('make the server ask him 64 times at once, and no more', () => {
    const network = new MiniNetwork(1)
    const [server, ...others] = network.addMany(101, { families: [4] }) as [MiniNode]
    network.join()
    let pings = 0
    network.attach(ATTACKER, (bytes) => {
      const message = new Message()
      decodeMessage(message, bytes)
      if (message.kind === Kind.Ping) pings++
    })
    for (const { dht } of others as MiniNode[]) {
      const writer = new MsgpackWriter()
      encoderOf(dht.id).find(writer, 1, KEY, [])
      network.send(ATTACKER, server.address, writer.take())
    }
    network.run(50)
    assert.equal(pings, 64)
  })
})

/** A server where `victim` listens, and an attacker who knows how. */
function start() {
  const network = new MiniNetwork(1)
  const [server, victim] = network.addMany(2, { families: [4] }) as [MiniNode, MiniNode]
  const message = new Message()
  let socketId = 0
  network.onSend = (bytes, from) => {
    decodeMessage(message, bytes)
    if (message.kind === Kind.Listen && from.equals(victim.address)) socketId = message.socketId
  }
  network.join()
  victim.dht.startListen(KEY, QUERY_ALL, network.now)
  network.run(2000)
  const token = tokenFor(network, server)
  const send = (encoder: MessageEncoder, write: (e: MessageEncoder, w: MsgpackWriter) => void) => {
    const writer = new MsgpackWriter()
    write(encoder, writer)
    network.send(ATTACKER, server.address, writer.take())
    network.run(20)
  }
  const listenAs = ({ dht }: MiniNode, sid: number): void => {
    send(encoderOf(dht.id), (e, w) => e.listen(w, 7, KEY, toByteText(token), sid, NOTHING))
  }
  const answerPingsAs = ({ dht }: MiniNode): void => {
    network.attach(ATTACKER, (bytes) => {
      decodeMessage(message, bytes)
      const { kind, tid } = message
      if (kind !== Kind.Ping) return
      send(encoderOf(dht.id), (e, w) => e.acknowledge(w, tid, server.address))
    })
  }
  return { network, server, victim, socketId, listenAs, answerPingsAs }
}

function tokenFor(network: MiniNetwork, server: MiniNode): Uint8Array {
  const message = new Message()
  network.attach(ATTACKER, (bytes) => {
    const heard = new Message()
    decodeMessage(heard, bytes)
    if (heard.token.length > 0) decodeMessage(message, bytes)
  })
  const writer = new MsgpackWriter()
  encoderOf(InfoHash.get('attacker')).find(writer, 1, KEY, [])
  network.send(ATTACKER, server.address, writer.take())
  network.run(2000)
  assert.ok(message.token.length > 0)
  return message.token
}

function encoderOf(id: InfoHash): MessageEncoder {
  return new MessageEncoder({ id, network: 0, isClient: false, agent: 'x' })
}

function listeners({ dht }: MiniNode, { now }: MiniNetwork): number {
  return dht.stats(now).storage.listeners
}

function put(network: MiniNetwork, node: MiniNode): void {
  node.dht.startPut(KEY, new Value({ id: 5n }), {}, network.now)
  network.run(5000)
}

function valuesOf({ events }: MiniNode): bigint[] {
  return events.flatMap((event) =>
    event.kind === 'values' ? event.values.map(({ id }) => id) : [],
  )
}
