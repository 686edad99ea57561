// SPDX-License-Identifier: MIT
// Every kind of message as two versions of the C++ implementation sent it: decoded to what the
// recording says it holds, and encoded again to the same bytes.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { Family } from '../../src/core/id/socket-address.ts'
import { compactNodeBytes, writeCompactNodes } from '../../src/core/wire/compact-nodes.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { KIND_NAMES, Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { readCompactNodes } from '../support/node-list.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'
import { comparable, encodeAgain, type Form, formOf } from './message-form.ts'

interface Packet {
  name: string
  size: number
  hex: string
  decoded: Form
}

interface Packets {
  node_id: string
  peer_id: string
  packets: Packet[]
}

/** One scratch message for all packets, as in an engine: nothing of one may show in the next. */
const message = new Message()

for (const version of ['2.4.12', '4.3.1']) {
  const { packets, node_id, peer_id } = loadVectors<Packets>(`core/packets-${version}`)

  suite(`Packets of ${version}`, () => {
    for (const packet of packets) {
      test(`${packet.name} decodes to what the recording says`, () => {
        decodeMessage(message, fromHex(packet.hex))
        assert.deepEqual(formOf(message), comparable(packet.decoded))
      })

      test(`${packet.name} is encoded to the recorded bytes`, () => {
        assert.equal(packet.hex.length, 2 * packet.size)
        decodeMessage(message, fromHex(packet.hex))
        const { network, isClient } = message
        const sender = message.id.isZero ? node_id : message.id.toString()
        assert.ok([node_id, peer_id].includes(sender))
        const agent = String(packet.decoded['v'] ?? 'unused')
        const id = InfoHash.fromHex(sender)!
        const encoder = new MessageEncoder({ id, network, isClient, agent })
        const writer = new MsgpackWriter()
        const text = Array.isArray(packet.decoded['e']) ? String(packet.decoded['e'][1]) : ''
        encodeAgain(encoder, writer, message, text)
        assert.equal(toHex(writer.take()), packet.hex)
      })
    }

    test('node lists read and write as the same bytes', () => {
      let lists = 0
      for (const packet of packets) {
        decodeMessage(message, fromHex(packet.hex))
        for (const family of [4, 6] as const) lists += checkNodeList(message, family)
      }
      assert.ok(lists >= 10, `${lists} lists`)
    })

    test('every kind of message is there', () => {
      const seen = new Set<string>()
      for (const { hex } of packets) {
        decodeMessage(message, fromHex(hex))
        seen.add(KIND_NAMES[message.kind]!)
      }
      assert.deepEqual(
        KIND_NAMES.filter((name) => !seen.has(name)),
        ['unknown'],
      )
    })

    test('every packet cut short is refused', () => {
      for (const { hex } of packets) {
        const bytes = fromHex(hex)
        for (let length = 0; length < bytes.length; length += 1 + (length >> 5)) {
          assert.throws(() => decodeMessage(message, bytes.subarray(0, length)), {
            name: 'WireError',
          })
        }
      }
    })
  })
}

/** 1 when the message has a list of that family. */
function checkNodeList(message: Message, family: Family): number {
  const span = family === 4 ? message.nodes4 : message.nodes6
  if (span.length < 0) return 0
  const nodes = readCompactNodes(message, span, family, 16)
  assert.equal(nodes.length * compactNodeBytes(family), span.length)
  const written = writeCompactNodes(new Uint8Array(span.length), nodes, family)
  const read = message.source.subarray(span.offset, span.offset + span.length)
  assert.equal(toHex(written), toHex(read))
  return 1
}
