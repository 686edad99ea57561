// SPDX-License-Identifier: MIT
// Peer discovery against damaged packets, recorded and made up: the engine takes whatever comes,
// the decoder and the reader of payloads throw nothing but WireError, and nothing grows without
// bounds.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { WireError } from '../../src/core/errors.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { readNodePayload } from '../../src/discovery/dht-service.ts'
import { DiscoveryEngine } from '../../src/discovery/discovery-engine.ts'
import { packMsgpackValue, unpackMsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { decodePacket, encodeAnnouncement, QUERY_PACKET } from '../../src/discovery/packets.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'
import { mutate } from './mutate.ts'
import { INPUTS_PER_SEED, SEEDS } from './settings.ts'

type Capture = Record<'two_nodes_loopback' | 'lonely_node_veth', { payload_hex: string }[]>

const corpus = loadCorpus()

suite('Discovery of garbage', () => {
  for (const seed of SEEDS) {
    test(`${INPUTS_PER_SEED} datagrams of seed ${seed} do no harm`, (t) => {
      const random = new SeededRandom(seed)
      const engine = new DiscoveryEngine([4, 6], 8888, random.fork('engine'))
      for (const name of ['dht', 'lamp', 'q']) engine.subscribe(name, 0)
      engine.publish('lamp', packMsgpackValue('on'), [4], 0)
      let announcements = 0
      for (let i = 0; i < INPUTS_PER_SEED; i++) {
        const input = mutate(random.pick(corpus), random, random.pick(corpus))
        const now = 20 * i
        try {
          if (readAll(input)) announcements++
          const address = SocketAddress.v4(0x0a000000 + (random.uint32() % 5000), 8888)
          engine.receive(input, { address, isLocal: random.chance(0.1) }, now)
          engine.advance(now)
          assert.ok(engine.takeSends().length <= 5 && engine.takeFound().length <= 256)
        } catch (error) {
          throw new Error(`seed ${seed}, input ${i}: ${toHex(input)}`, { cause: error })
        }
      }
      const { received, queries, dropped } = engine.counters
      t.diagnostic(`seed ${seed}: ${announcements} announcements, ${queries} queries`)
      assert.equal(received, INPUTS_PER_SEED)
      assert.equal(
        received,
        queries + engine.counters.announcements + dropped.malformed + dropped.rateLimited,
      )
      assert.ok(announcements > INPUTS_PER_SEED / 100, 'enough inputs get through the decoder')
    })
  }
})

/** Reads all that a reader would read. True for an announcement. */
function readAll(input: Uint8Array): boolean {
  const packet = unlessDamaged(() => decodePacket(input))
  if (packet === undefined || packet === 'query') return false
  for (const { name, payload } of packet) {
    const value = unlessDamaged(() => unpackMsgpackValue(payload))
    if (value === undefined) continue
    // What was read can be sent on, and reads the same then.
    const packed = packMsgpackValue(value)
    assert.deepEqual(unpackMsgpackValue(packed), value)
    const node = readNodePayload(value)
    assert.ok(node === undefined || (node.port > 0 && node.port <= 0xffff && name.length <= 255))
  }
  return true
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function loadCorpus(): Uint8Array[] {
  const recorded = ['2.4.12', '4.3.1'].flatMap((version) => {
    const capture = loadVectors<Capture>(`discovery/multicast-${version}`)
    return [...capture.two_nodes_loopback, ...capture.lonely_node_veth]
  })
  const texts = new Set(recorded.map(({ payload_hex }) => payload_hex))
  const payload = { a: [1, -2, 0.5, null], b: new Uint8Array(40), c: { d: true, e: 2n ** 60n } }
  const services = new Map([
    ['lamp', packMsgpackValue('on')],
    ['shelf', packMsgpackValue(payload)],
    ['q', packMsgpackValue(new Map([[1, 'x'.repeat(300)]]))],
  ])
  return [...[...texts].map(fromHex), QUERY_PACKET, encodeAnnouncement(services)]
}
