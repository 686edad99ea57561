// SPDX-License-Identifier: MIT
// Keys, signatures and encryption, on one processor.

import type { Benchmark } from '../harness/benchmark.ts'
import { CPP } from '../harness/context.ts'
import { runDriver } from '../harness/program.ts'
import type { Lookup } from '../harness/results.ts'

export const crypto: Benchmark = {
  name: 'crypto',
  title: 'crypto: identities, signatures, encryption of values of 100 bytes',
  metrics: [{ name: 'cpuUs', label: 'CPU per operation', unit: 'µs', better: 'lower' }],
  subjects: () => [{ name: 'ours', kind: 'ours' }, CPP],
  measure: (subject, context) =>
    runDriver(
      subject,
      'crypto',
      { secs: context.isQuick ? 0.02 : 0.5, large: context.isQuick ? 0 : 1 },
      context,
      { timeoutMs: 180_000, processor: context.processors.server },
    ),
  goals: () => [
    ...(['RSA-4096, verify', 'RSA-2048, verify'] as const).map((row) => ({
      text: `${row}: CPU beside C++`,
      value: (it: Lookup) => it.ratio(row, 'cpuUs'),
      atMost: 1,
    })),
    {
      text: 'RSA-4096, sign: CPU beside C++',
      value: (it) => it.ratio('RSA-4096, sign', 'cpuUs'),
      atMost: 0.25,
    },
  ],
}
