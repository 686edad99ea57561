// SPDX-License-Identifier: MIT
// The fuzzer that coverage guides finds what blind luck does not, and no committed input of any
// target breaks anything any more. The fuzzing itself is `npm run fuzz`.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SeededRandom } from '../support/seeded-random.ts'
import { toHex } from '../support/vectors.ts'
import { Coverage } from './guided/coverage.ts'
import { GuidedFuzzer } from './guided/guided-fuzzer.ts'
import { committedInputs, loadTarget, TARGETS } from './guided/target.ts'

suite('Guided fuzzing', () => {
  test('finds a word letter by letter', async () => {
    const coverage = new Coverage((url) => url.includes('/fuzz/guided/lock'))
    const { openLock } = await import('./guided/lock.ts')
    const target = {
      seeds: () => [],
      run(input: Uint8Array) {
        if (openLock(input)) throw new Error('open')
      },
      maxBytes: 3,
    }
    const fuzzer = new GuidedFuzzer(target, coverage, new SeededRandom(1))
    await fuzzer.seed([new Uint8Array(3)])
    const search = async (): Promise<void> => {
      while (fuzzer.counters.runs < 300_000) await fuzzer.step()
    }
    await assert.rejects(search(), /open/)
    coverage.close()
    // By luck alone that would be one input in 16 million.
    assert.ok(fuzzer.kept.length >= 3)
  })

  for (const name of TARGETS) {
    test(`${name}: what once reached or broke something does no harm`, async (t) => {
      const target = await loadTarget(name)
      const inputs = [...(await target.seeds()), ...committedInputs(name)]
      for (const input of inputs) {
        try {
          await target.run(input)
        } catch (error) {
          throw new Error(toHex(input), { cause: error })
        }
      }
      t.diagnostic(`${name}: ${inputs.length} inputs`)
      assert.ok(inputs.length > 1)
    })
  }
})
