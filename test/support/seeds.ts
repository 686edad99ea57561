// SPDX-License-Identifier: MIT
// Simulations run once per seed, which stands in the name of the test. `SEED=1234` tries another
// one instead, `SEEDS=50` more of them.

import { it } from 'node:test'

/** Declares `count` tests, one per seed. */
export function itWithSeeds(name: string, count: number, run: (seed: number) => void): void {
  const only = process.env.SEED
  const more = Number(process.env.SEEDS ?? count)
  const seeds = only === undefined ? Array.from({ length: more }, (_, i) => i + 1) : [Number(only)]
  for (const seed of seeds) it(`${name}, seed ${seed}`, () => run(seed))
}
