// SPDX-License-Identifier: MIT
// The thread that fuzzes: see run.ts. The input under way is in shared memory, for the case that
// it never ends, or ends the thread.

import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../../support/seeded-random.ts'
import { Coverage } from './coverage.ts'
import { GuidedFuzzer } from './guided-fuzzer.ts'
import { committedInputs, loadTarget, type TargetName } from './target.ts'

export interface FuzzJob {
  readonly name: TargetName
  readonly seed: number
  readonly endsAt: number
  /** The length of the input under way, its number, and its bytes. */
  readonly shared: SharedArrayBuffer
}

const { name, seed, endsAt, shared } = workerData as FuzzJob
const words = new Int32Array(shared, 0, 2)
const bytes = new Uint8Array(shared, 8)
const REPORT_MS = 10_000

const coverage = new Coverage((url) => url.includes('/src/'))
const target = await loadTarget(name)
const fuzzer = new GuidedFuzzer(target, coverage, new SeededRandom(seed), (input) => {
  words[0] = Math.min(input.length, bytes.length)
  bytes.set(input.subarray(0, bytes.length))
  Atomics.add(words, 1, 1)
})
const committed = committedInputs(name)
await fuzzer.seed([...(await target.seeds()), ...committed])
const seeded = fuzzer.kept.length
let reportedAt = Date.now()
while (Date.now() < endsAt) {
  await fuzzer.step()
  if (Date.now() - reportedAt < REPORT_MS) continue
  reportedAt = Date.now()
  parentPort!.postMessage({ counters: fuzzer.counters, kept: fuzzer.kept.length })
}
parentPort!.postMessage({ counters: fuzzer.counters, found: fuzzer.kept.slice(seeded) })
coverage.close()
