// SPDX-License-Identifier: MIT
// The settings of one run, and what follows from them for every benchmark: which of our transports
// take part, where programs are, which processors they are pinned to.

import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Subject } from './benchmark.ts'
import { allowedProcessors } from './machine.ts'

export const ROOT = resolve(import.meta.dirname, '../..')
export const BENCH = join(ROOT, 'bench')

const TRANSPORTS = ['mmsg', 'dgram']

export interface Context {
  readonly names: readonly string[]
  readonly rounds: number
  /** Length of one measurement. */
  readonly seconds: number
  readonly nodes: readonly number[]
  readonly concurrency: readonly number[]
  readonly values: readonly number[]
  /** Lost datagrams in percent. */
  readonly losses: readonly number[]
  readonly transports: readonly string[]
  /** Substrings of names of subjects; empty for all. */
  readonly only: readonly string[]
  /** Everything as small as it goes, to see that it works. */
  readonly isQuick: boolean
  /** Our side unbuilt from src/ instead of dist/. */
  readonly usesSources: boolean
  readonly profileDirectory: string | undefined
  readonly outDirectory: string
  readonly writesDocs: boolean
  /** For the node under test, and for who puts it under load; the same where there is but one. */
  readonly processors: { readonly server: number; readonly load: number }
}

export const USAGE = `npm run bench -- NAME... [options]
  --rounds N           rounds, in which all subjects take turns (5)
  --seconds S          length of one measurement (3)
  --nodes 16,64,256    sizes of networks
  --concurrency 1,32,256
  --values 100000,1000000   stored values
  --loss 0,5,20        lost datagrams, %
  --transport mmsg|dgram|both   transports of ours (both, where they exist)
  --only TEXT,TEXT     subjects whose name contains one of these
  --quick              everything tiny, one round, from the sources
  --source             our side unbuilt from src/
  --profile DIR        CPU profiles of our side
  --out DIR            results (bench/results)
  --write-docs         put the tables into their pages in docs/
`

/** Throws TypeError or RangeError for a wrong option. */
export function parseContext(args: readonly string[]): Context {
  const { values: given, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      nodes: { type: 'string' },
      concurrency: { type: 'string' },
      values: { type: 'string' },
      loss: { type: 'string' },
      transport: { type: 'string', default: 'both' },
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      source: { type: 'boolean', default: false },
      profile: { type: 'string' },
      out: { type: 'string', default: join(BENCH, 'results') },
      'write-docs': { type: 'boolean', default: false },
    },
  })
  const { quick } = given
  const fallback = (normal: string, tiny: string) => (quick ? tiny : normal)
  const [server, load = server] = allowedProcessors()
  return {
    names: positionals,
    rounds: number('rounds', given.rounds ?? fallback('5', '1')),
    seconds: number('seconds', given.seconds ?? fallback('3', '0.2')),
    nodes: numbers('nodes', given.nodes ?? fallback('16,64,256', '8')),
    concurrency: numbers('concurrency', given.concurrency ?? fallback('1,32,256', '8')),
    values: numbers('values', given.values ?? fallback('100000,1000000', '2000')),
    losses: percentages('loss', given.loss ?? fallback('0,5,20', '5')),
    transports: transportsOf(given.transport),
    only: given.only.split(',').filter((part) => part !== ''),
    isQuick: quick,
    usesSources: quick || given.source,
    profileDirectory: given.profile,
    outDirectory: resolve(given.out),
    writesDocs: given['write-docs'],
    processors: { server: server ?? 0, load: load ?? 0 },
  }
}

/** Our subjects, one per transport. */
export function ours(context: Context): Subject[] {
  return context.transports.map((transport) => ({
    name: `ours, ${transport}`,
    kind: 'ours',
    transport,
  }))
}

/** Debian's C++ library, which everything is compared with. */
export const CPP: Subject = { name: 'C++', kind: 'cpp' }

export function cppProgram(name: string): string {
  const path = join(BENCH, 'build', name)
  if (!existsSync(path)) throw new Error(`${path} is missing: run bench/install.sh`)
  const source = join(BENCH, 'cpp', `${name}.cpp`)
  if (statSync(path).mtimeMs < statSync(source).mtimeMs) {
    throw new Error(`${path} is older than its source: run bench/install.sh drivers`)
  }
  return path
}

function transportsOf(wanted: string): string[] {
  if (wanted !== 'both') {
    if (!TRANSPORTS.includes(wanted)) throw new RangeError(`--transport: there is no ${wanted}`)
    return [wanted]
  }
  // The batched transport calls the system through an optional dependency.
  const koffi = join(ROOT, `node_modules/@koromix/koffi-${process.platform}-${process.arch}`)
  return TRANSPORTS.filter((it) => it !== 'mmsg' || existsSync(koffi))
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`--${name} must be a positive number: got ${text}`)
  return value
}

function numbers(name: string, text: string): number[] {
  return text.split(',').map((part) => number(name, part))
}

function percentages(name: string, text: string): number[] {
  return text.split(',').map((part) => {
    const value = part === '' ? Number.NaN : Number(part)
    if (value >= 0 && value < 100) return value
    throw new RangeError(`--${name} must be percentages from 0 to below 100: got ${text}`)
  })
}
