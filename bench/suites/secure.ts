// SPDX-License-Identifier: MIT
// Signed and encrypted values from end to end, beside plain ones.

import type { Benchmark } from '../harness/benchmark.ts'
import { ours } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'

const RATE = 100
const steady = `${RATE} signed puts per second`

export const secure: Benchmark = {
  name: 'secure',
  title: 'secure: signed and encrypted values among 16 nodes, RSA-4096',
  metrics: [
    { name: 'opsPerS', label: 'Operations', unit: '1/s', better: 'higher' },
    { name: 'cpuMs', label: 'CPU per operation', unit: 'ms', better: 'lower' },
    { name: 'p50Ms', label: 'Latency, median', unit: 'ms', better: 'lower' },
    { name: 'p99Ms', label: 'Latency, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'failed', label: 'Operations that failed', unit: 'operations' },
    { name: 'cpuPercent', label: 'CPU of all nodes', unit: '% of one core', better: 'lower' },
    { name: 'loopP50Ms', label: 'Event-loop delay, median', unit: 'ms', better: 'lower' },
    { name: 'loopP99Ms', label: 'Event-loop delay, 99th percentile', unit: 'ms', better: 'lower' },
    { name: 'loopMaxMs', label: 'Event-loop delay, maximum', unit: 'ms', better: 'lower' },
  ],
  subjects: ours,
  measure: (subject, context) => {
    const { seconds, isQuick } = context
    const options = { nodes: 16, secs: seconds, conc: 32, bits: isQuick ? 2048 : 4096, rate: RATE }
    return runDriver(subject, 'secure', options, context, { timeoutMs: 120_000 + seconds * 20_000 })
  },
  goals: () => [
    {
      text: `${steady}: event-loop delay, 99th percentile, ms`,
      value: (it) => it.median(steady, 'loopP99Ms'),
      atMost: 20,
    },
    {
      text: `${steady}: event-loop delay, maximum, ms`,
      value: (it) => it.median(steady, 'loopMaxMs'),
      atMost: 20,
    },
  ],
}
