// SPDX-License-Identifier: MIT
// One node, alone on a processor, flooded with each kind of request: what an answer costs, how many
// there are per second, and the round trip of a single request to a node that is otherwise idle.

import type { Benchmark, Goal, Row } from '../harness/benchmark.ts'
import { CPP, ours } from '../harness/context.ts'
import { type Load, ServedNode } from '../harness/load.ts'

const OUTSTANDING = 256
const SOCKETS = 64
/** Keys that hold a value of 100 bytes for the gets. */
const STORED = 1000
/** Keys that the listens spread over. */
const LISTENED = 2000

type Kind = Load['kind']

const LOADS: readonly { row: string; kind: Kind; options: Record<string, number> }[] = [
  { row: 'ping', kind: 'ping', options: {} },
  { row: 'find', kind: 'find', options: {} },
  { row: 'get, no value', kind: 'get', options: {} },
  { row: 'get, 100 bytes', kind: 'get', options: { keys: STORED } },
  { row: 'listen', kind: 'listen', options: { keys: LISTENED, first: 5_000_000 } },
  { row: 'put, 100 bytes', kind: 'put', options: { seqkeys: 1, first: 10_000_000 } },
]

export const serve: Benchmark = {
  name: 'serve',
  title: 'serve: one node under load',
  metrics: [
    { name: 'cpuUs', label: 'CPU per request', unit: 'µs', better: 'lower' },
    { name: 'repliesPerS', label: 'Replies on one processor', unit: '1/s', better: 'higher' },
    { name: 'p50Us', label: 'Round trip, median', unit: 'µs', better: 'lower' },
    { name: 'p99Us', label: 'Round trip, 99th percentile', unit: 'µs', better: 'lower' },
    { name: 'rssMb', label: 'Resident memory afterwards', unit: 'MB', better: 'lower' },
    { name: 'lost', label: 'Requests without an answer in 1 s', unit: 'requests' },
  ],
  subjects: (context) => [...ours(context), CPP],
  async measure(subject, context) {
    const rows: Row[] = []
    const node = await ServedNode.start(subject, context)
    const { seconds, isQuick } = context
    const load = async (row: string, it: Load) => {
      const result = await node.load({ ...it, options: { socks: SOCKETS, ...it.options } })
      if (Number(result['errors']) > 0) throw new Error(`${row}: the node answered with errors`)
      const rssMb = Number(result['rssKb']) / 1024
      rows.push({ ...result, row, ...(row.includes('alone') ? {} : { rssMb }) })
    }
    try {
      const warm = isQuick ? 0 : 0.5
      await node.load({
        kind: 'put',
        seconds: 10,
        outstanding: 64,
        options: { seqkeys: 1, count: STORED, warm: 0 },
      })
      for (const kind of ['ping', 'get'] as const) {
        const options = { socks: 1, keys: STORED, warm }
        await load(`${kind} alone`, { kind, seconds, outstanding: 1, options })
      }
      for (const { row, kind, options } of isQuick ? LOADS.slice(0, 2) : LOADS) {
        await load(row, { kind, seconds, outstanding: OUTSTANDING, options: { ...options, warm } })
      }
    } finally {
      await node.stop()
    }
    return rows
  },
  goals: ({ transport }) => (transport === 'mmsg' ? [...cpuGoals(), ...rateGoals()] : portable()),
}

function cpuGoals(): Goal[] {
  return LOADS.map(({ row, kind }) => ({
    text: `CPU per ${row} beside C++`,
    value: (it) => it.ratio(row, 'cpuUs'),
    atMost: kind === 'put' ? 0.5 : kind === 'listen' ? 0.6 : 0.55,
  }))
}

function rateGoals(): Goal[] {
  return [
    ...LOADS.map(
      ({ row }): Goal => ({
        text: `replies per second to ${row} beside C++`,
        value: (it) => it.ratio(row, 'repliesPerS'),
        atLeast: 1.6,
      }),
    ),
    {
      text: 'median round trip of a ping alone beside C++',
      value: (it) => it.ratio('ping alone', 'p50Us'),
      atMost: 1,
    },
  ]
}

function portable(): Goal[] {
  return LOADS.map(({ row }) => ({
    text: `CPU per ${row} beside C++`,
    value: (it) => it.ratio(row, 'cpuUs'),
    atMost: 1.1,
  }))
}
