// SPDX-License-Identifier: MIT
// Whole networks in one process: what users of a node feel. Joining, idling, puts and gets of
// distinct keys at several concurrencies, and the delay from a put to its listener.

import { availableParallelism } from 'node:os'
import type { Benchmark, Goal } from '../harness/benchmark.ts'
import { CPP, ours } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'

const IDLE_S = 5
/** Puts and gets before those that count: code is compiled while it runs. */
const WARM_S = 3
/** In as many networks as it takes: a page more or less does not count then. */
const FURTHER_NODES = 64
/** Per concurrency 32: how many times the rate of C++, by number of nodes. */
const RATES: Readonly<Record<number, { put: number; get: number }>> = {
  16: { put: 2.5, get: 5 },
  64: { put: 2.5, get: 5 },
  256: { put: 2, get: 3 },
}

export const network: Benchmark = {
  name: 'network',
  title: 'network: put, get and listen among N nodes in one process',
  metrics: [
    { name: 'opsPerS', label: 'Operations', unit: '1/s', better: 'higher' },
    { name: 'cpuMs', label: 'CPU per operation (join: per node)', unit: 'ms', better: 'lower' },
    { name: 'p50Ms', label: 'Latency, median', unit: 'ms', better: 'lower' },
    { name: 'p99Ms', label: 'Latency, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'failed', label: 'Operations that failed', unit: 'operations' },
    { name: 'seconds', label: 'Time until all nodes are connected', unit: 's', better: 'lower' },
    { name: 'rssKb', label: 'Memory per further idle node', unit: 'kB', better: 'lower' },
    { name: 'cpuPercent', label: 'CPU of an idle node', unit: '% of one core', better: 'lower' },
  ],
  subjects: (context) => [...ours(context), CPP],
  async measure(subject, context) {
    const { seconds, nodes, concurrency, isQuick } = context
    const all = []
    for (const count of nodes) {
      const options = {
        nodes: count,
        secs: seconds,
        conc: concurrency.join(','),
        threads: availableParallelism(),
        ...(isQuick ? { settle: 0.5, listens: 20 } : { warm: WARM_S }),
      }
      const measurements = concurrency.length * (2 * seconds + 20)
      const timeoutMs = (120 + IDLE_S + 2 * WARM_S + measurements * 2) * 1000
      all.push(...(await runDriver(subject, 'network', options, context, { timeoutMs })))
      const idle = {
        nodes: count,
        ...(isQuick
          ? { idle: 0.2, settle: 0.5, further: 1 }
          : { idle: IDLE_S, further: FURTHER_NODES }),
      }
      all.push(...(await runDriver(subject, 'idle', idle, context, { timeoutMs })))
    }
    return all
  },
  goals: () => Object.keys(RATES).flatMap((nodes) => goalsFor(Number(nodes))),
}

function goalsFor(nodes: number): Goal[] {
  const rates = RATES[nodes]!
  const row = (name: string) => `${nodes} nodes, ${name}, 32 at once`
  const both = (['put', 'get'] as const).flatMap((name): Goal[] => [
    {
      text: `${row(name)}: rate beside C++`,
      value: (it) => it.ratio(row(name), 'opsPerS'),
      atLeast: rates[name],
    },
    {
      text: `${row(name)}: CPU beside C++`,
      value: (it) => it.ratio(row(name), 'cpuMs'),
      atMost: name === 'put' ? 0.35 : 0.2,
    },
    {
      text: `${row(name)}: 99th percentile beside the median of C++`,
      value: (it) => {
        const own = it.median(row(name), 'p99Ms')
        const theirs = it.median(row(name), 'p50Ms', CPP.name)
        return own === undefined || theirs === undefined ? undefined : own / theirs
      },
      atMost: 1,
    },
  ])
  return [
    ...both,
    {
      text: `${nodes} nodes: CPU of a get after all others, beside the first ones`,
      value: (it) => {
        const first = it.median(row('get'), 'cpuMs')
        const again = it.median(row('get again'), 'cpuMs')
        return first === undefined || again === undefined ? undefined : again / first
      },
      atMost: 1.1,
    },
    {
      text: `${nodes} nodes: CPU of an idle node, %`,
      value: (it) => it.median(`${nodes} nodes, idle`, 'cpuPercent'),
      atMost: 0.3,
    },
    {
      text: `${nodes} nodes: memory per further node, kB`,
      value: (it) => it.median(`${nodes} nodes, idle`, 'rssKb'),
      atMost: 120,
    },
  ]
}
