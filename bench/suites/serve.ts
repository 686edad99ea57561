// SPDX-License-Identifier: MIT
// One node, alone on a processor, flooded with each kind of request: what an answer costs, how many
// there are per second, and the round trip of a single request to a node that is otherwise idle.

import type { Benchmark, Goal, Row, Subject } from '../harness/benchmark.ts'
import { type Context, CPP, ours } from '../harness/context.ts'
import { type Load, ServedNode } from '../harness/load.ts'

const OUTSTANDING = 256
const SOCKETS = 64
/** Keys that hold a value of 100 bytes for the gets. */
const STORED = 1000
/** Keys that the listens spread over. Most of them are renewals, as they are in life. */
const LISTENED = 100

type Kind = Load['kind']

const LOADS: readonly { row: string; kind: Kind; options: Record<string, number> }[] = [
  { row: 'ping', kind: 'ping', options: {} },
  { row: 'find', kind: 'find', options: {} },
  { row: 'get, no value', kind: 'get', options: {} },
  { row: 'get, 100 bytes', kind: 'get', options: { keys: STORED } },
  { row: 'listen', kind: 'listen', options: { keys: LISTENED, first: 5_000_000 } },
  { row: 'put, 100 bytes', kind: 'put', options: { seqkeys: 1, first: 10_000_000, client: 1 } },
]

/** One request outstanding, and so a node that mostly waits. */
const ALONE: typeof LOADS = [
  { row: 'ping alone', kind: 'ping', options: { socks: 1 } },
  { row: 'get alone', kind: 'get', options: { socks: 1, keys: STORED } },
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
    const loads = context.isQuick ? LOADS.slice(0, 2) : LOADS
    const isPut = ({ kind }: (typeof LOADS)[number]) => kind === 'put'
    const rows = await measureNode(subject, context, [
      ...ALONE,
      ...loads.filter((load) => !isPut(load)),
    ])
    // Another node, which knows nobody: it would leave most keys to neighbours that are closer.
    const puts = loads.filter(isPut)
    if (puts.length === 0) return rows
    return [...rows, ...(await measureNode(subject, context, puts))]
  },
  goals: ({ transport }) => (transport === 'mmsg' ? [...cpuGoals(), ...rateGoals()] : portable()),
}

async function measureNode(
  subject: Subject,
  context: Context,
  loads: readonly (typeof LOADS)[number][],
): Promise<Row[]> {
  const rows: Row[] = []
  const node = await ServedNode.start(subject, context)
  const warm = context.isQuick ? 0 : 0.5
  try {
    const stored = { seqkeys: 1, count: STORED, client: 1, warm: 0 }
    await node.load({ kind: 'put', seconds: 10, outstanding: 64, options: stored })
    for (const { row, kind, options } of loads) {
      const isAlone = options['socks'] === 1
      const result = await node.load({
        kind,
        seconds: context.seconds,
        outstanding: isAlone ? 1 : OUTSTANDING,
        options: { socks: SOCKETS, warm, ...options },
      })
      if (Number(result['errors']) > 0) throw new Error(`${row}: the node answered with errors`)
      rows.push({ ...result, row, ...(isAlone ? {} : { rssMb: Number(result['rssKb']) / 1024 }) })
    }
  } finally {
    await node.stop()
  }
  return rows
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
