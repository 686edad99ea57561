// SPDX-License-Identifier: MIT
// Answers that are not what they should be, from a peer that was asked: nothing that the user waits
// for may wait for ever because of them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Dht } from '../../../../src/core/dht.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { decodeMessage } from '../../../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../../../src/core/wire/message.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { SeededRandom } from '../../../support/mini-network.ts'

const PEER = SocketAddress.v4(0x0a000001, 4222)
const ID = InfoHash.get('peer')
const KEY = InfoHash.get('key')
const TOKEN = new Uint8Array(16).fill(1)
const NO_NODES = new Uint8Array(0)

/** Gives the answers to one attempt of a request, with the time after it at which each arrives. */
type Script = (request: Message, attempt: number) => { afterMs: number; bytes: Uint8Array }[]

suite('Answers of a hostile peer', () => {
  test('a header repeated for ever does not keep a get waiting', () => {
    const { endedAfterMs, sends } = getFrom((request, attempt) => {
      if (attempt > 1) return []
      const bytes = reply((encoder, writer) => {
        const packed = [new Uint8Array(700)]
        const lists = { nodes4: NO_NODES, nodes6: NO_NODES }
        encoder.nodes(writer, request.tid, PEER, lists, TOKEN, { kind: 'sizes', packed })
      })
      return Array.from({ length: 600 }, (_, i) => ({ afterMs: 100 * i, bytes }))
    })
    assert.ok(endedAfterMs < 25_000, `the get ended after ${endedAfterMs} ms`)
    // Once for the values, then for their ids.
    assert.equal(sends, 6)
  })

  test('a list of nodes that is cut off makes the answer count as lost', () => {
    for (const list of ['nodes4', 'nodes6'] as const) {
      const { endedAfterMs, sends, dht, now } = getFrom((request) => {
        const bytes = reply((encoder, writer) => {
          const lists = { nodes4: NO_NODES, nodes6: NO_NODES, [list]: new Uint8Array(39) }
          encoder.nodes(writer, request.tid, PEER, lists, TOKEN)
        })
        return [{ afterMs: 10, bytes }]
      })
      assert.ok(endedAfterMs > 6000, `the get ended after ${endedAfterMs} ms`)
      assert.equal(sends, 5)
      assert.equal(dht.stats(now).dropped.malformed, 5)
    }
  })
})

/** Runs a get of an engine whose only peer answers pings as it should, and gets by `script`. */
function getFrom(script: Script) {
  let now = 1000
  const random = new SeededRandom(1)
  const dht = new Dht({ families: [4] }, { random }, now)
  const arriving: { at: number; bytes: Uint8Array }[] = []
  const request = new Message()
  let sends = 0
  const advanceTo = (end: number): void => {
    for (; now < end; now += 10) {
      for (const { at, bytes } of arriving) if (at === now) dht.receive(bytes, PEER, now)
      dht.advance(now)
      for (let i = 0; i < dht.outbox.count; i++) {
        decodeMessage(request, dht.outbox.datagram(i))
        const isGet = request.kind === Kind.Get
        const answers = isGet ? script(request, ++sends) : [politeAnswer(request)]
        for (const { afterMs, bytes } of answers) arriving.push({ at: now + 10 + afterMs, bytes })
      }
      dht.outbox.clear()
    }
  }
  dht.bootstrap([PEER], now)
  advanceTo(6000)
  assert.equal(dht.stats(now).ipv4.good, 1)
  const startedAt = now
  const operation = dht.startGet(KEY, QUERY_ALL, now)
  const isDone = () =>
    dht.takeEvents().some((it) => it.kind === 'done' && it.operation === operation)
  while (!isDone() && now < startedAt + 60_000) advanceTo(now + 10)
  return { endedAfterMs: now - startedAt, sends, dht, now }
}

function politeAnswer(request: Message): { afterMs: number; bytes: Uint8Array } {
  const lists = { nodes4: NO_NODES, nodes6: NO_NODES }
  const bytes = reply((encoder, writer) => {
    if (request.kind === Kind.Find) encoder.nodes(writer, request.tid, PEER, lists, TOKEN)
    else encoder.acknowledge(writer, request.tid, PEER)
  })
  return { afterMs: 0, bytes }
}

function reply(encode: (encoder: MessageEncoder, writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter()
  encode(new MessageEncoder({ id: ID, network: 0, isClient: false, agent: 'x' }), writer)
  return writer.take()
}
