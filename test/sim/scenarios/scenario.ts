// SPDX-License-Identifier: MIT
// What a scenario is: a named simulation with criteria that users of a network care about, a size
// and a seed for continuous integration, and figures that it reports. They live here rather than in
// the package because they judge this engine; the tools that they are made of are public.

import { type SimNetwork, type SimNetworkOptions, simulate } from '../../../src/sim/entry.ts'
import type { TraceSink } from '../../../src/sim/recorder.ts'

export interface Scenario {
  readonly name: string
  /** One sentence: what goes wrong, and what has to work all the same. */
  readonly summary: string
  /** Number of nodes in continuous integration. */
  readonly nodes: number
  /** Takes more than ten minutes: of several seeds, only one is run. */
  readonly isLong?: true
  readonly options?: SimNetworkOptions
  run(stage: Stage): Promise<void>
}

/** What a scenario works with. */
export interface Stage {
  readonly network: SimNetwork
  readonly nodes: number
  /** Notes a figure for the report. */
  note(name: string, value: number | string): void
  /** Throws unless the criterion is met. */
  expect(isMet: boolean, criterion: string): void
}

export interface Report {
  readonly name: string
  readonly seed: number
  readonly nodes: number
  /** Virtual time, and time of the processor. */
  readonly virtualMs: number
  readonly cpuMs: number
  readonly datagrams: number
  readonly hash: string
  readonly figures: Readonly<Record<string, number | string>>
}

export interface RunOptions {
  readonly seed?: number | undefined
  readonly nodes?: number | undefined
  readonly onTrace?: TraceSink | undefined
}

export async function runScenario(scenario: Scenario, run: RunOptions = {}): Promise<Report> {
  const { name } = scenario
  const { seed, nodes = scenario.nodes, onTrace } = run
  const size = nodes === scenario.nodes ? '' : ` --nodes ${nodes}`
  const options = { ...scenario.options, seed, onTrace, command: `npm run sim -- ${name}${size}` }
  const before = process.cpuUsage()
  return simulate(options, async (network) => {
    const figures: Record<string, number | string> = {}
    await scenario.run({
      network,
      nodes,
      note: (figure, value) => {
        figures[figure] = typeof value === 'number' ? Number(value.toPrecision(4)) : value
      },
      expect: (isMet, criterion) => {
        if (isMet) return
        throw new Error(`${name}: expected ${criterion}; figures: ${JSON.stringify(figures)}`)
      },
    })
    const { user, system } = process.cpuUsage(before)
    return {
      name,
      seed: network.seed,
      nodes,
      virtualMs: network.now,
      cpuMs: Math.round((user + system) / 1000),
      datagrams: network.stats.sent,
      hash: network.traceHash,
      figures,
    }
  })
}
