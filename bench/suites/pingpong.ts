// SPDX-License-Identifier: MIT
// Two nodes that answer each other through put and listen, within networks of several sizes, as
// OpenDHT's own performance test does.

import type { Benchmark } from '../harness/benchmark.ts'
import { CPP, ours } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'

const NODES = [2, 16, 64]
const PARALLEL = [1, 32]

export const pingpong: Benchmark = {
  name: 'pingpong',
  title: 'pingpong: two nodes that answer each other through put and listen',
  metrics: [
    { name: 'opsPerS', label: 'Answers', unit: '1/s', better: 'higher' },
    { name: 'cpuMs', label: 'CPU per answer', unit: 'ms', better: 'lower' },
  ],
  subjects: (context) => [...ours(context), CPP],
  async measure(subject, context) {
    const { seconds, isQuick } = context
    const all = []
    for (const { nodes, parallel } of isQuick ? [{ nodes: 4, parallel: 2 }] : grid()) {
      const options = { nodes, parallel, secs: seconds }
      const timeoutMs = (seconds + 90) * 1000
      all.push(...(await runDriver(subject, 'pingpong', options, context, { timeoutMs })))
    }
    return all
  },
  goals: () =>
    grid().map(({ nodes, parallel }) => ({
      text: `${nodes} nodes, ${parallel} at once: rate beside C++`,
      value: (it) => it.ratio(`${nodes} nodes, ${parallel} at once`, 'opsPerS'),
      atLeast: 2.5,
    })),
}

function grid(): { nodes: number; parallel: number }[] {
  return NODES.flatMap((nodes) => PARALLEL.map((parallel) => ({ nodes, parallel })))
}
