// SPDX-License-Identifier: MIT
// Scenarios as tests: with the fixed seed of continuous integration, and with a random one that the
// name of the test and every error tell. OPENDHT_SIM_SEED replays one.

import { test } from 'node:test'
import { runScenario, type Scenario } from '../sim/scenarios/scenario.ts'

const FIXED_SEED = 1

/** Declares the tests of a scenario; an expensive one is spared the random seed. */
export function testScenario(scenario: Scenario, options: { isFixedOnly?: boolean } = {}): void {
  const { name, summary } = scenario
  const asked = process.env.OPENDHT_SIM_SEED
  const random = Math.floor(Math.random() * 2 ** 32)
  const more = options.isFixedOnly === true ? [] : [random]
  for (const seed of asked === undefined ? [FIXED_SEED, ...more] : [Number(asked)]) {
    test(`${name}, seed ${seed}. ${summary}`, async (t) => {
      const { cpuMs, datagrams, hash, figures } = await runScenario(scenario, { seed })
      t.diagnostic(`${name}, seed ${seed}: ${cpuMs} ms of processor time, ${datagrams} datagrams`)
      t.diagnostic(`trace hash ${hash}, ${JSON.stringify(figures)}`)
    })
  }
}
