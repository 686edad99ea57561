// SPDX-License-Identifier: MIT
// The other DHTs of the JavaScript world beside ours and the C++ one: 64 nodes in one process, 8
// replicas, 32 operations at once. Their gets end with the first value, as ours do when asked to.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark, Goal, Row, Subject } from '../harness/benchmark.ts'
import { BENCH, type Context, CPP, ours } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'
import type { Lookup } from '../harness/results.ts'

const NODES = 64
const CONCURRENCY = 32
const PEERS = ['dht-rpc', 'bittorrent-dht', 'kad-dht']
const PUT = 'put, 100 bytes'
const FIRST = 'get, first value'
const ALL = 'get, all values'

export const peers: Benchmark = {
  name: 'peers',
  title: 'peers: other DHTs for JavaScript, 64 nodes, 32 operations at once',
  metrics: [
    { name: 'opsPerS', label: 'Operations', unit: '1/s', better: 'higher' },
    { name: 'cpuMs', label: 'CPU per operation', unit: 'ms', better: 'lower' },
    { name: 'p50Ms', label: 'Latency, median', unit: 'ms', better: 'lower' },
    { name: 'p99Ms', label: 'Latency, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'failed', label: 'Operations that failed', unit: 'operations' },
  ],
  subjects: (context) => [...ours(context), ...others(), CPP],
  async measure(subject, context) {
    const options = { nodes: context.isQuick ? 8 : NODES, secs: context.seconds, label: '' }
    const timeoutMs = (context.seconds * 4 + 240) * 1000
    if (subject.kind === 'peer') {
      const all = { ...options, conc: CONCURRENCY }
      return runDriver(subject, subject.name, all, context, { timeoutMs })
    }
    return compared(subject, options, context, timeoutMs)
  },
  goals: () => [beside(PUT, 2), beside(FIRST, 1.3)],
}

/** The network benchmark, twice for ours: with gets to the end, and to the first value. */
async function compared(
  subject: Subject,
  options: Record<string, string | number>,
  context: Context,
  timeoutMs: number,
): Promise<Row[]> {
  const all: Row[] = []
  for (const first of subject.kind === 'ours' ? [0, 1] : [0]) {
    const rows = await runDriver(
      subject,
      'network',
      { ...options, phases: 'put,get', conc: CONCURRENCY, first },
      context,
      { timeoutMs },
    )
    for (const row of rows) {
      if (row.row.includes('put') && first === 0) all.push({ ...row, row: PUT })
      if (row.row.includes('get,')) all.push({ ...row, row: first === 1 ? FIRST : ALL })
    }
  }
  return all
}

function others(): Subject[] {
  return PEERS.filter((name) => existsSync(join(BENCH, 'node_modules', moduleOf(name)))).map(
    (name) => ({ name, kind: 'peer' }),
  )
}

function moduleOf(name: string): string {
  return name === 'kad-dht' ? '@libp2p/kad-dht' : name
}

function beside(row: string, atLeast: number): Goal {
  return { text: `${row}: rate beside the best peer`, value: (it) => ratio(it, row), atLeast }
}

function ratio(lookup: Lookup, row: string): number | undefined {
  const own = lookup.median(row, 'opsPerS')
  const rates = PEERS.map((name) => lookup.median(row, 'opsPerS', name) ?? 0)
  const best = Math.max(...rates)
  return own === undefined || best === 0 ? undefined : own / best
}
