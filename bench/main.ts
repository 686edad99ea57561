// SPDX-License-Identifier: MIT
// The benchmarks: `npm run bench -- NAME... [options]`. Without a name it lists them, `all` runs
// them all. See README.md here.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Benchmark } from './harness/benchmark.ts'
import { parseContext, ROOT, USAGE } from './harness/context.ts'
import { runBenchmark } from './harness/run.ts'
import { churn } from './suites/churn.ts'
import { codec } from './suites/codec.ts'
import { crypto } from './suites/crypto.ts'
import { hostile } from './suites/hostile.ts'
import { network } from './suites/network.ts'
import { peers } from './suites/peers.ts'
import { pingpong } from './suites/pingpong.ts'
import { proxy } from './suites/proxy.ts'
import { python } from './suites/python.ts'
import { secure } from './suites/secure.ts'
import { serve } from './suites/serve.ts'
import { startup } from './suites/startup.ts'
import { store } from './suites/store.ts'

const BENCHMARKS: readonly Benchmark[] = [
  serve,
  network,
  pingpong,
  store,
  codec,
  crypto,
  secure,
  startup,
  churn,
  hostile,
  peers,
  proxy,
  python,
]

const context = parseContext(process.argv.slice(2))
const unknown = context.names.find(
  (name) => name !== 'all' && !BENCHMARKS.some((it) => it.name === name),
)
const chosen = context.names.flatMap((name) =>
  name === 'all' ? BENCHMARKS : BENCHMARKS.filter((it) => it.name === name),
)
if (unknown !== undefined || chosen.length === 0) {
  if (unknown !== undefined) process.stderr.write(`No benchmark is called ${unknown}.\n`)
  const list = BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(10)} ${title}\n`).join('')
  process.stdout.write(`${USAGE}Names:\n${list}  all\n`)
  process.exitCode = context.names.length === 0 ? 0 : 2
} else {
  if (!context.usesSources) build()
  for (const benchmark of chosen) await runBenchmark(benchmark, context)
}

/** Memory and start-up time are those of the built package: sources carry a compiler along. */
function build(): void {
  const bundler = join(ROOT, 'node_modules/.bin/rolldown')
  execFileSync(bundler, ['-c', '--logLevel', 'warn'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
