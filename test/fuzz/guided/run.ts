// SPDX-License-Identifier: MIT
// Fuzzes one target, or all: `npm run fuzz -- TARGET|all [--minutes N] [--seed N] [--keep]`. An
// input that breaks something, takes more than ten seconds, or too much memory is written to the
// corpus of the target, and ends the run with status 1. With --keep, the corpus also gets small
// inputs that reached something new.

import { randomInt } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { toHex } from '../../support/vectors.ts'
import type { FuzzCounters } from './guided-fuzzer.ts'
import { corpusFile, TARGETS, type TargetName } from './target.ts'
import type { FuzzJob } from './worker.ts'

const SLOW_MS = 10_000
const MAX_INPUT = 1 << 16
/** Of what --keep writes. */
const KEPT_BYTES = 400
const KEPT_INPUTS = 40
const HEAP_MB = 1024

interface Report {
  readonly counters: FuzzCounters
  readonly kept?: number
  readonly found?: Uint8Array[]
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
    keep: { type: 'boolean', default: false },
  },
})
const [wanted = ''] = positionals
const isTarget = (name: string): name is TargetName => (TARGETS as readonly string[]).includes(name)
if (wanted !== 'all' && !isTarget(wanted)) {
  console.error(`TARGET must be all or one of ${TARGETS.join(', ')}: got "${wanted}"`)
  process.exit(2)
}
const minutes = Number(options.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes must be a positive number: got "${options.minutes}"`)
  process.exit(2)
}
const names = wanted === 'all' ? TARGETS : TARGETS.filter((name) => name === wanted)
for (const name of names) if (!(await fuzz(name))) process.exitCode = 1

/** False when something was found. */
async function fuzz(name: TargetName): Promise<boolean> {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT)
  const job: FuzzJob = {
    name,
    seed: Number(options.seed),
    endsAt: Date.now() + minutes * 60_000,
    shared,
  }
  console.log(`${name}: ${minutes} minutes, seed ${job.seed}`)
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  let last: Report | undefined
  worker.on('message', (report: Report) => {
    last = report
    const { runs, places, features } = report.counters
    console.log(`${name}: ${runs} runs, ${places} places, ${features} features`)
  })
  const problem = await outcomeOf(worker, new Int32Array(shared, 0, 2))
  if (problem === undefined) {
    if (options.keep) keep(name, last?.found ?? [])
    return true
  }
  const input = new Uint8Array(shared, 8, new Int32Array(shared, 0, 1)[0])
  const [line = ''] = problem.split('\n')
  add(name, `# ${line.slice(0, 90)}\n${toHex(input)}\n`)
  console.error(`${name}: ${problem}\n${toHex(input)}`)
  return false
}

/** Undefined when all went well. */
async function outcomeOf(worker: Worker, words: Int32Array): Promise<string | undefined> {
  let watch: NodeJS.Timeout | undefined
  const slow = new Promise<string>((resolve) => {
    let before = -1
    watch = setInterval(() => {
      const runs = Atomics.load(words, 1)
      // The first inputs wait for the modules to be loaded.
      if (runs > 0 && runs === before) resolve(`An input took more than ${SLOW_MS} ms`)
      before = runs
    }, SLOW_MS)
  })
  const ended = new Promise<string | undefined>((resolve) => {
    worker.once('error', (error: Error) => resolve(error.stack ?? String(error)))
    worker.once('exit', (code) => resolve(code === 0 ? undefined : `It ended with ${code}`))
  })
  const outcome = await Promise.race([slow, ended])
  clearInterval(watch)
  await worker.terminate()
  return outcome
}

function keep(name: TargetName, found: readonly Uint8Array[]): void {
  const small = found.filter(({ length }) => length <= KEPT_BYTES).slice(0, KEPT_INPUTS)
  if (small.length > 0) add(name, small.map((input) => `${toHex(input)}\n`).join(''))
  console.log(`${name}: ${small.length} inputs were added to the corpus`)
}

function add(name: TargetName, text: string): void {
  const file = corpusFile(name)
  mkdirSync(new URL('.', file), { recursive: true })
  appendFileSync(file, text)
}
