// SPDX-License-Identifier: MIT
// Traces of the simulator as the dashboard plays them, and the places of ids in its ring.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTrace } from '../../../dashboard/src/data/read-trace.ts'
import { commonBits, turnOf } from '../../../dashboard/src/data/ring-layout.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SimNetwork } from '../../../src/sim/entry.ts'

const read = (text: string) => readTrace(new Blob([text]), () => {}, new AbortController().signal)

test('a moment of a simulated network is what the simulation had then', async () => {
  const lines: string[] = []
  const sim = new SimNetwork({
    seed: 11,
    onTrace: (record) => void lines.push(JSON.stringify(record)),
  })
  const nodes = sim.addNodes(6, { overMs: 600 })
  await sim.run(5000)
  const cut = sim.isolate(nodes.slice(0, 1))
  const inVain = nodes[0]!.getAll('key').catch(() => [])
  await sim.run(2000)
  cut.heal()
  nodes[5]!.crash()
  await sim.until(nodes[2]!.put('key', 'value'))
  await sim.until(inVain)
  await sim.run(1000)
  const { sent } = sim.stats
  await sim.close()
  const model = await read(lines.join('\n'))
  assert.equal(model.nodes.length, 6)
  assert.equal(model.flights.length, sent)
  const up = (at: number): number[] =>
    model.nodes.filter((node) => model.isUp(node, at)).map(({ index }) => index)
  assert.deepEqual(up(-1), [])
  assert.deepEqual(up(4000), [0, 1, 2, 3, 4, 5])
  assert.deepEqual(up(7500), [0, 1, 2, 3, 4])
  assert.equal(model.faultsAt(4000).length, 0)
  assert.match(model.faultsAt(6000)[0]!.text, /^cut /)
  assert.equal(model.faultsAt(7500).length, 0)
  const flight = model.flights.find(({ endAt, sentAt, dropped }) => !dropped && endAt > sentAt)!
  const now = (flight.sentAt + flight.endAt) / 2
  assert.ok(model.flying(now, 1000).includes(flight))
  assert.ok(!model.flying(flight.endAt + 1, 1000).includes(flight))
  assert.ok(model.flights.some(({ dropped }) => dropped === 'partition'))
  const shown = model.events.slice(0, model.eventsUntil(model.endMs)).map(({ text }) => text)
  assert.ok(shown.includes('Node 5 is down'))
  assert.ok(shown.some((text) => /^Node 2: put [0-9a-f]{8} ends, ok$/.test(text)))
})

test('what is no trace is refused with the line', async () => {
  const added = '{"t":0,"type":"node-added","node":0,"addresses":["1.2.3.4:1"]}'
  await assert.rejects(read('hello'), /^Error: Line 1 is no record of a trace: /)
  await assert.rejects(read(`${added}\n[]`), /^Error: Line 2 is no record of a trace: expected/)
  await assert.rejects(read(''), /^Error: Not a trace: it has no nodes/)
  assert.equal((await read(`${added}\n\n`)).nodes.length, 1)
})

test('ids have places by their value, and are as close as they share bits', () => {
  const zero = '0'.repeat(40)
  assert.equal(turnOf(zero), 0)
  assert.equal(turnOf(`8${'0'.repeat(39)}`), 0.5)
  assert.equal(commonBits(zero, zero), 160)
  for (let i = 0; i < 50; i++) {
    const a = InfoHash.get(`a${i}`)
    const b = InfoHash.get(`b${i}`)
    assert.equal(commonBits(String(a), String(b)), a.commonBits(b))
  }
})
