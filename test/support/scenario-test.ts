// SPDX-License-Identifier: MIT
// Scenarios as tests: with the fixed seed of continuous integration, and with a random one that the
// name of the test and every error tell. OPENDHT_SIM_SEED replays one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScenario, type Scenario } from '../sim/scenarios/scenario.ts'

const FIXED_SEED = 1

export interface ScenarioTestOptions {
  /** Size with the random seed, for scenarios that are expensive. Default as with the fixed one. */
  readonly randomNodes?: number
  /** Seeds that failed once. */
  readonly regressions?: readonly number[]
  /** Runs the fixed seed twice, and compares the traces. */
  readonly isReplayed?: boolean
}

/** Declares the tests of a scenario. */
export function testScenario(scenario: Scenario, options: ScenarioTestOptions = {}): void {
  const { nodes: size } = scenario
  const { randomNodes = size, regressions = [], isReplayed = false } = options
  const asked = process.env.OPENDHT_SIM_SEED
  if (asked !== undefined) return declare(scenario, Number(asked), size)
  for (const seed of [FIXED_SEED, ...regressions]) declare(scenario, seed, size)
  declare(scenario, Math.floor(Math.random() * 2 ** 32), randomNodes)
  if (!isReplayed) return
  test(`${scenario.name} does the same twice with the same seed`, async () => {
    const first = await runScenario(scenario, { seed: FIXED_SEED })
    assert.equal((await runScenario(scenario, { seed: FIXED_SEED })).hash, first.hash)
  })
}

function declare(scenario: Scenario, seed: number, nodes: number): void {
  const { name, summary } = scenario
  test(`${name}, seed ${seed}. ${summary}`, async (t) => {
    const { cpuMs, datagrams, hash, figures } = await runScenario(scenario, { seed, nodes })
    t.diagnostic(`${name}, seed ${seed}: ${cpuMs} ms of processor time, ${datagrams} datagrams`)
    t.diagnostic(`trace hash ${hash}, ${JSON.stringify(figures)}`)
  })
}
