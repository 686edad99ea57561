// SPDX-License-Identifier: MIT
// What attackers get out of a node, and what honest peers notice of it: our nodes and C++ nodes,
// with the limits that they have by default, get the same datagrams. In a network namespace.

import type { Benchmark, Goal, Row } from '../harness/benchmark.ts'
import { CPP } from '../harness/context.ts'
import { type Flood, HostileNetwork } from '../harness/hostile-network.ts'
import { ATTACKS, hoards } from './hostile-attacks.ts'
import { slowClients } from './hostile-proxy.ts'

const NODES = 8
/** Few enough for the limits of both sides. */
const OPERATIONS_PER_SECOND = 50
/** Of 150 operations the 99th percentile would be the slowest but one. */
const LENGTHS = 2
/**
 * V8 compiles a function when it was called some 500 times, and each of the nodes stores every
 * value: all eight do so at once, and whoever puts meanwhile waits for a processor.
 */
const WARM_PER_SECOND = 100
const WARM_SECONDS = 8

const QUIET = 'quiet'
const FLOODS: readonly (readonly [string, Flood])[] = [
  ['50,000 junk datagrams/s', { kind: 'junk', perSecond: 50_000, sources: 1 }],
  ['10,000 gets/s', { kind: 'get', perSecond: 10_000, sources: 1 }],
  ['10,000 gets/s of 250 addresses of a /24', { kind: 'get', perSecond: 10_000, sources: 250 }],
]

export const hostile: Benchmark = {
  name: 'hostile',
  title: 'hostile: attacks on nodes with their default limits',
  metrics: [
    { name: 'success', label: 'Honest operations that succeeded', unit: '%' },
    { name: 'p99Ms', label: 'Honest operation done, 99th percentile', unit: 'ms' },
    { name: 'p50Ms', label: 'Honest operation done, median', unit: 'ms' },
    { name: 'cpu', label: 'Of one processor for the node under attack', unit: '%' },
    { name: 'factor', label: 'Bytes to a forged address per byte in its name', unit: 'times' },
    { name: 'honest', label: 'Of values that an honest stranger gets meanwhile', unit: '%' },
    { name: 'got', label: 'Tries of the attacker that succeeded', unit: '%' },
    { name: 'kept', label: 'What the node keeps', unit: '' },
  ],
  plot: 'p99Ms',
  subjects: () => [{ name: 'ours', kind: 'ours' }, CPP],
  async measure(subject, context) {
    const rows: Row[] = []
    const add = (row: Row) => {
      rows.push(row)
      process.stderr.write(`${JSON.stringify(row)}\n`)
    }
    const { isQuick } = context
    const seconds = LENGTHS * context.seconds
    {
      await using network = await HostileNetwork.open(subject, context, NODES)
      const use = (name: string) => network.use(name, OPERATIONS_PER_SECOND, seconds)
      if (!isQuick) await network.use('warm', WARM_PER_SECOND, WARM_SECONDS)
      for (const row of await use(QUIET)) add(row)
      for (const [name, flood] of FLOODS) {
        for (const row of await network.flooded(flood, 3 * seconds + 10, () => use(name))) add(row)
      }
    }
    for (const [name, attack] of ATTACKS) add({ ...(await attack(subject, context)), row: name })
    if (isQuick) return rows
    for (const row of await hoards(subject, context)) add(row)
    for (const row of await slowClients(subject, context)) add(row)
    return rows
  },
  goals: () => FLOODS.slice(0, 2).flatMap(([name]) => goalsOf(name)),
}

function goalsOf(name: string): Goal[] {
  return ['put', 'get'].flatMap((what): Goal[] => [
    {
      text: `successful ${what}s during ${name}, %`,
      value: (it) => it.median(`${name}: ${what}`, 'success'),
      atLeast: 100,
    },
    {
      text: `99th percentile of a ${what} during ${name} beside the quiet one`,
      value: (it) => {
        const quiet = it.median(`${QUIET}: ${what}`, 'p99Ms')
        const attacked = it.median(`${name}: ${what}`, 'p99Ms')
        return quiet === undefined || attacked === undefined ? undefined : attacked / quiet
      },
      atMost: 2,
    },
  ])
}
