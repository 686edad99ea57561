// SPDX-License-Identifier: MIT
// The records of a trace say what happened, as lines of JSON.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimNetwork, type TraceRecord } from '../../../src/sim/entry.ts'
import { messageKind } from '../../../src/sim/message-kind.ts'

type Of<T extends TraceRecord['type']> = Extract<TraceRecord, { type: T }>

async function traced(): Promise<{ network: SimNetwork; records: TraceRecord[] }> {
  const records: TraceRecord[] = []
  const onTrace = (record: TraceRecord): void => void records.push(record)
  const network = new SimNetwork({ seed: 2, onTrace, link: { loss: 0.05 } })
  const nodes = network.addNodes(12, { overMs: 1000, region: 'here' })
  await network.run(15_000)
  await network.until(nodes[3]!.put('key', new Uint8Array(3000)))
  await network.until(nodes[5]!.getAll('key'))
  return { network, records }
}

function all<T extends TraceRecord['type']>(records: readonly TraceRecord[], type: T): Of<T>[] {
  return records.filter((record): record is Of<T> => record.type === type)
}

test('every datagram is sent, and then delivered or dropped', async () => {
  const { network, records } = await traced()
  const sent = all(records, 'sent')
  assert.equal(sent.length, network.stats.sent)
  const packets = new Set(sent.map(({ packet }) => packet))
  const ends = [...all(records, 'delivered'), ...all(records, 'dropped')]
  assert.ok(ends.every(({ packet }) => packets.has(packet)))
  assert.equal(ends.length + network.stats.inFlight, sent.length)
  assert.ok(all(records, 'dropped').every(({ reason }) => reason === 'loss'))
})

test('kinds are those of the protocol', async () => {
  const { records } = await traced()
  const kinds = new Set(all(records, 'sent').map(({ kind }) => kind))
  const expected = ['ping', 'find', 'get', 'put', 'reply', 'fragment']
  for (const kind of expected) assert.ok(kinds.has(kind), `${kind} is not in ${[...kinds]}`)
  assert.ok(!kinds.has('?'))
  assert.equal(messageKind(Uint8Array.of(1, 2, 3)), '?')
})

test('nodes and operations are told of in order, in JSON', async () => {
  const { network, records } = await traced()
  const [added] = all(records, 'node-added')
  assert.deepEqual(added, {
    t: 0,
    type: 'node-added',
    node: 0,
    addresses: ['11.0.0.1:4222'],
    region: 'here',
  })
  const ups = all(records, 'node-up')
  assert.deepEqual(
    ups.map(({ id }) => id),
    network.nodes.map(({ id }) => id.toString()),
  )
  const [put, get] = all(records, 'operation-start').slice(-2)
  assert.deepEqual([put?.kind, put?.node, get?.kind, get?.node], ['put', 3, 'get', 5])
  assert.deepEqual(
    all(records, 'operation-end')
      .slice(-2)
      .map(({ node, outcome }) => [node, outcome]),
    [
      [3, 'ok'],
      [5, 'ok'],
    ],
  )
  const times = records.map(({ t }) => t)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.deepEqual(JSON.parse(JSON.stringify(records)), records)
})
