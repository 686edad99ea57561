// SPDX-License-Identifier: MIT
// Many values of 100 bytes in one node: memory for each, what a put costs when there are few and
// when there are many, and how the node answers while all of them expire.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Goal, Row, Subject } from '../harness/benchmark.ts'
import { type Context, CPP, ours } from '../harness/context.ts'
import { ServedNode } from '../harness/load.ts'

/** Values without a type live that long; puts may say that a value is older than it is. */
const LIFETIME_S = 600
/** Replies that the cost of a put is taken from. */
const PROBE = 20_000
const FEW = 10_000
/** Puts that are over before it begins, under keys of their own. */
const WARM = 100_000
const WARM_FIRST = 100_000_000
const OUTSTANDING = 256
/** Part of the values that has to be there, since a busy machine loses datagrams. */
const ENOUGH = 0.95
/** Pings per second that see how the node answers meanwhile. */
const PROBES_PER_S = 500

export const store: Benchmark = {
  name: 'store',
  title: 'store: many values in one node, and their expiry',
  metrics: [
    { name: 'bytes', label: 'Resident memory per value', unit: 'bytes', better: 'lower' },
    { name: 'repliesPerS', label: 'Puts', unit: '1/s', better: 'higher' },
    { name: 'cpuUs', label: 'CPU per put', unit: 'µs', better: 'lower' },
    { name: 'p99Us', label: 'Round trip, 99th percentile', unit: 'µs', better: 'lower' },
    { name: 'maxUs', label: 'Round trip, longest', unit: 'µs', better: 'lower' },
    { name: 'delayP99Ms', label: 'Event-loop delay, 99th percentile', unit: 'ms' },
    { name: 'delayMaxMs', label: 'Event-loop delay, longest', unit: 'ms' },
    { name: 'left', label: 'Values left after their time', unit: 'values' },
  ],
  subjects: (context) => [...ours(context), CPP],
  async measure(subject, context) {
    const rows: Row[] = []
    for (const count of context.values) rows.push(...(await fill(subject, count, context)))
    return rows
  },
  goals: () => [...[100_000, 1_000_000].flatMap(goalsFor), growthGoal()],
}

async function fill(subject: Subject, count: number, context: Context): Promise<Row[]> {
  const name = count.toLocaleString('en-US')
  const few = Math.min(FEW, count / 4)
  const probe = Math.min(PROBE, count / 4)
  // Time to put them all before the first ones expire, at a pace that a busy machine keeps.
  const remainingS = context.isQuick ? 3 : 10 + count / 15_000
  const node = await ServedNode.start(subject, context)
  let next = 0
  /** When the last value that was put is over, in seconds after the start. */
  let overS = 0
  const sinceStartS = () => (performance.now() - start) / 1000
  const put = async (many: number) => {
    const age = LIFETIME_S - remainingS + Math.round(sinceStartS())
    // As clients: among other nodes it would leave most keys to those that are closer to them.
    const terms = { client: 1, created: 1, age }
    const options = { ...terms, seqkeys: 1, first: next, count: many, warm: 0 }
    next += many
    const result = await node.load({ kind: 'put', seconds: 120, outstanding: OUTSTANDING, options })
    overS = Math.max(overS, sinceStartS() + LIFETIME_S - age)
    return result
  }
  // Code is compiled while it runs.
  const warmUp = async () => {
    const options = { client: 1, created: 1, age: LIFETIME_S - 2, seqkeys: 1, warm: 0 }
    const all = { ...options, first: WARM_FIRST, count: context.isQuick ? 100 : WARM }
    await node.load({ kind: 'put', seconds: 60, outstanding: OUTSTANDING, options: all })
    await sleep(3000)
  }
  await warmUp()
  const start = performance.now()
  try {
    // Part of every process that has stored anything.
    await put(few)
    const base = await ourStats(subject, node)
    const first = await put(probe)
    const main = await put(count - few - 2 * probe)
    const last = await put(probe)
    const full = await ourStats(subject, node)
    if (full !== undefined && Number(full['values']) < count * ENOUGH) {
      throw new Error(`${name}: only ${full['values']} values were stored`)
    }
    const before = Number(base?.['rssKb'] ?? first['rssBeforeKb'])
    const after = Number(full?.['rssKb'] ?? last['rssKb'])
    const waitS = overS - sinceStartS() + 2
    const probes = { rate: PROBES_PER_S, socks: 8, warm: 0, client: 1 }
    const expiry = await node.load({
      kind: 'ping',
      seconds: Math.max(1, waitS),
      outstanding: OUTSTANDING,
      options: probes,
    })
    const end = await ourStats(subject, node)
    return [
      { row: `${name} values, put all`, ...only(main, 'repliesPerS', 'cpuUs'), ...delays(full) },
      { row: `${name} values, put with few there`, ...only(first, 'cpuUs') },
      { row: `${name} values, put with all there`, ...only(last, 'cpuUs') },
      { row: `${name} values, memory`, bytes: ((after - before) * 1024) / (count - few) },
      {
        row: `${name} values, expiry`,
        ...only(expiry, 'p99Us', 'maxUs'),
        ...delays(end),
        ...(end === undefined ? {} : { left: Number(end['values']) }),
      },
    ]
  } finally {
    await node.stop()
  }
}

async function ourStats({ kind }: Subject, node: ServedNode): Promise<Row | undefined> {
  return kind === 'ours' ? node.ask('stats') : undefined
}

function delays(row: Row | undefined): Record<string, number> {
  return row === undefined ? {} : only(row, 'delayP99Ms', 'delayMaxMs')
}

function only(row: Row, ...metrics: string[]): Record<string, number> {
  return Object.fromEntries(metrics.map((metric) => [metric, Number(row[metric])]))
}

function goalsFor(count: number): Goal[] {
  const name = count.toLocaleString('en-US')
  return [
    {
      text: `${name} values: bytes per value`,
      value: (it) => it.median(`${name} values, memory`, 'bytes'),
      atMost: 500,
    },
    {
      text: `${name} values: put rate beside C++`,
      value: (it) => it.ratio(`${name} values, put all`, 'repliesPerS'),
      atLeast: 1,
    },
    ...['put all', 'expiry'].map(
      (phase): Goal => ({
        text: `${name} values, ${phase}: event-loop delay, 99th percentile, ms`,
        value: (it) => it.median(`${name} values, ${phase}`, 'delayP99Ms'),
        atMost: 10,
      }),
    ),
  ]
}

function growthGoal(): Goal {
  return {
    text: 'a put among 1,000,000 values beside one among 10,000',
    value: (it) => {
      const many = it.median('1,000,000 values, put with all there', 'cpuUs')
      const few = it.median('1,000,000 values, put with few there', 'cpuUs')
      return many === undefined || few === undefined ? undefined : many / few
    },
    atMost: 1.3,
  }
}
