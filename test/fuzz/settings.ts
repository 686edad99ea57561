// SPDX-License-Identifier: MIT
// How much is fuzzed, and from which seeds. FUZZ_INPUTS sets the number of inputs of each fuzzer
// (1,000,000 in continuous integration, 100,000 otherwise); FUZZ_SEED takes the place of all seeds,
// to repeat a failure.

import { randomInt } from 'node:crypto'

const IN_CI = process.env['CI'] === 'true' || process.env['CI'] === '1'
const FIXED_SEEDS = [1, 2, 3, 4]

/** Inputs of one fuzzer, over all of its seeds. */
export const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? (IN_CI ? 1_000_000 : 100_000))

export const SEEDS: readonly number[] =
  process.env['FUZZ_SEED'] === undefined
    ? [...FIXED_SEEDS, randomInt(2 ** 31)]
    : [Number(process.env['FUZZ_SEED'])]

/** Inputs of each run. */
export const INPUTS_PER_SEED = Math.ceil(INPUTS / SEEDS.length)
