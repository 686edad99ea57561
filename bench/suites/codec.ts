// SPDX-License-Identifier: MIT
// The codec alone, without sockets: what a message costs to read and to write.

import type { Benchmark } from '../harness/benchmark.ts'
import { type Context, CPP } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'

export const codec: Benchmark = {
  name: 'codec',
  title: 'codec: messages and values to bytes and back',
  metrics: [{ name: 'ns', label: 'CPU per operation', unit: 'ns', better: 'lower' }],
  subjects: () => [{ name: 'ours', kind: 'ours' }, CPP],
  measure: (subject, context) =>
    runDriver(subject, 'codec', { secs: secondsOf(context) }, context, {
      timeoutMs: 60_000,
      processor: context.processors.server,
    }),
}

function secondsOf({ isQuick }: Context): number {
  return isQuick ? 0.02 : 0.5
}
