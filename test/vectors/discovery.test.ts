// SPDX-License-Identifier: MIT
// Packets of peer discovery as C++ nodes of two versions sent them, and when they did.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodePayload, readNodePayload } from '../../src/discovery/dht-service.ts'
import { packMsgpackValue, unpackMsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { decodePacket, encodeAnnouncement, QUERY_PACKET } from '../../src/discovery/packets.ts'
import { Repetition } from '../../src/discovery/repetition.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface Packet {
  readonly t: number
  readonly dst: string
  readonly pkttype?: number
  readonly payload_hex: string
}

interface Capture {
  readonly two_nodes_loopback: readonly Packet[]
  readonly lonely_node_veth: readonly Packet[]
}

const OUTGOING = 4

for (const version of ['2.4.12', '4.3.1']) {
  const capture = loadVectors<Capture>(`discovery/multicast-${version}`)

  test(`packets of ${version} are read, and written byte for byte`, () => {
    const packets = [...capture.two_nodes_loopback, ...capture.lonely_node_veth]
    let queries = 0
    const networks = new Set<number>()
    for (const { payload_hex } of packets) {
      const packet = decodePacket(fromHex(payload_hex))
      if (packet === 'query') {
        queries++
        assert.equal(payload_hex, toHex(QUERY_PACKET))
        continue
      }
      const [service] = packet
      assert.equal(service?.name, 'dht')
      const node = readNodePayload(unpackMsgpackValue(service!.payload))!
      assert.ok(node.port === 47_300 || node.port === 47_301)
      networks.add(node.network)
      const packed = packMsgpackValue(nodePayload(node))
      assert.equal(toHex(encodeAnnouncement(new Map([['dht', packed]]))), payload_hex)
    }
    assert.ok(queries > 4)
    assert.deepEqual([...networks], [7, 4_000_000_000])
  })
}

test('a round takes as long as one of 4.3.1, and up to a tenth more', () => {
  const { lonely_node_veth } = loadVectors<Capture>('discovery/multicast-4.3.1')
  const sent = lonely_node_veth
    .filter(({ t, dst, pkttype, payload_hex }) => {
      return t > 5 && dst === '239.192.0.1' && pkttype === OUTGOING && payload_hex === 'a171'
    })
    .map(({ t }) => t)
  assert.equal(sent.length, 4)
  const repetition = new Repetition(new SeededRandom(1))
  repetition.start(0)
  const ours: number[] = []
  for (let at = repetition.dueAt; at !== undefined; at = repetition.dueAt) {
    assert.ok(repetition.take(at))
    ours.push(at / 1000)
  }
  assert.equal(ours.length, sent.length)
  for (const [i, at] of ours.entries()) {
    const theirs = sent[i]! - sent[0]!
    assert.ok(at >= theirs - 0.1 && at <= 1.1 * theirs + 0.1, `${at} s, theirs ${theirs} s`)
  }
})
