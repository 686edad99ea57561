// SPDX-License-Identifier: MIT
// The table of perftest: how fast values travel in networks of some sizes.

import { type Given, UsageError } from '../given.ts'
import { INFO_FLAGS, JSON_FLAG } from '../node-flags.ts'
import { NOT_STARTED, type ProgramStreams, type Tool, WRONG_USAGE } from '../tool.ts'

const DEFAULT_ROUNDS = 2048
const MAX_ROUNDS = 1_000_000
const DEFAULT_PARALLEL = '1,2,4,8,16,32'
const MAX_PARALLEL = 256
const DEFAULT_SIZES = '2,4,8,16'
const MAX_SIZE = 256

export const PERFTEST: Tool = {
  name: 'perftest',
  summary: 'measure how fast values travel between nodes',
  description: [
    'Starts networks of several sizes inside this process, without internet, and lets two ' +
      'nodes of each play ping-pong with values: one puts, the other hears it through a listen ' +
      'and puts back. Prints the time per round trip.',
  ],
  examples: [
    { what: 'The whole test, some minutes', command: 'perftest' },
    { what: 'A short one', command: 'perftest --rounds 128 --parallel 1,8 --sizes 4' },
  ],
  flags: {
    rounds: {
      argument: 'N',
      help: [`round trips per game; default ${DEFAULT_ROUNDS}`],
    },
    parallel: {
      argument: 'LIST',
      help: ['games at the same time, one run for each number;', `default ${DEFAULT_PARALLEL}`],
    },
    sizes: {
      argument: 'LIST',
      help: [`nodes in the network; default ${DEFAULT_SIZES}`],
    },
    ...JSON_FLAG,
    ...INFO_FLAGS,
  },
  exitStatuses: [
    { status: 0, meaning: 'all games ended' },
    NOT_STARTED,
    WRONG_USAGE,
    { status: 3, meaning: 'a game did not end in time, or was interrupted' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const plan = {
      rounds: given.number('rounds', 'number of rounds', { min: 1, max: MAX_ROUNDS }),
      parallel: numbers(given.last('parallel') ?? DEFAULT_PARALLEL, 'parallel', 1, MAX_PARALLEL),
      sizes: numbers(given.last('sizes') ?? DEFAULT_SIZES, 'sizes', 2, MAX_SIZE),
    }
    const { runPerftest } = await import('../perf/run-perftest.ts')
    const { rounds = DEFAULT_ROUNDS } = plan
    return runPerftest({ ...plan, rounds, json: given.has('json') }, streams)
  },
}

function numbers(text: string, flag: string, min: number, max: number): number[] {
  return text.split(',').map((word) => {
    const number = /^\d{1,6}$/.test(word) ? Number(word) : Number.NaN
    if (number >= min && number <= max) return number
    throw new UsageError(`Invalid --${flag}: ${text} (numbers of ${min} to ${max}, as in 2,4)`)
  })
}
