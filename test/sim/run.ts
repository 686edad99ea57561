// SPDX-License-Identifier: MIT
// `npm run sim -- NAME [--nodes N] [--seed S] [--seeds N] [--trace FILE]`: runs one scenario, or
// `all`, and prints its figures; without a name, lists them. The seed may also come from the
// environment's OPENDHT_SIM_SEED, and is random otherwise; with `--seeds`, each of so many random
// ones is run, one of those that take long, and only failures are told of in full.

import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SimError } from '../../src/sim/entry.ts'
import { SCENARIOS } from './scenarios/all.ts'
import { type Report, runScenario, type Scenario } from './scenarios/scenario.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    trace: { type: 'string' },
  },
})

const [name] = positionals
const chosen = SCENARIOS.filter((scenario) => name === 'all' || scenario.name === name)
if (chosen.length === 0) {
  if (name !== undefined) console.error(`No scenario is called ${name}.`)
  console.log('npm run sim -- NAME|all [--nodes N] [--seed S] [--seeds N] [--trace FILE]\n')
  for (const { name, nodes, summary } of SCENARIOS) {
    console.log(`  ${name.padEnd(18)} ${String(nodes).padStart(5)} nodes  ${summary}`)
  }
  process.exitCode = name === undefined ? 0 : 2
}

const file = values.trace === undefined ? undefined : openSync(values.trace, 'w')
const seeds = numberOf('seeds', values.seeds)
for (const scenario of chosen) {
  const times = scenario.isLong ? 1 : (seeds ?? 1)
  for (let i = 0; i < times; i++) await run(scenario)
}
if (file !== undefined) closeSync(file)

async function run(scenario: Scenario): Promise<void> {
  try {
    const report = await runScenario(scenario, {
      seed: numberOf('seed', values.seed),
      nodes: numberOf('nodes', values.nodes),
      onTrace:
        file === undefined
          ? undefined
          : (record) => void writeSync(file, `${JSON.stringify(record)}\n`),
    })
    if (seeds === undefined) print(report)
    else console.log(`ok   ${report.name}, seed ${report.seed}`)
  } catch (error) {
    process.exitCode = 1
    if (!(error instanceof SimError)) throw error
    console.error(`FAIL ${error.message}`)
    console.error(`     ${process.cpuUsage().user / 1e6} s of processor time, at most ${memory()}`)
    if (error.cause instanceof Error) console.error(error.cause.stack)
  }
}

function print(report: Report): void {
  const { name, seed, nodes, virtualMs, cpuMs, datagrams, hash, figures } = report
  console.log(`ok   ${name}, seed ${seed}, ${nodes} nodes, trace hash ${hash}`)
  console.log(
    `     ${cpuMs / 1000} s of processor time, ${virtualMs / 1000} s of virtual time, ` +
      `${datagrams} datagrams, at most ${memory()}`,
  )
  for (const [figure, value] of Object.entries(figures)) console.log(`     ${figure}: ${value}`)
}

function memory(): string {
  return `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  console.error(`--${option} must be a whole number: got ${text}`)
  process.exit(2)
}
