// SPDX-License-Identifier: MIT
// The table of pingpong: one game between two nodes.

import type { Given } from '../given.ts'
import { INFO_FLAGS, JSON_FLAG } from '../node-flags.ts'
import { NOT_STARTED, type ProgramStreams, type Tool, WRONG_USAGE } from '../tool.ts'

const DEFAULT_ROUNDS = 2048
const MAX_ROUNDS = 1_000_000
const DEFAULT_NODES = 11
const MAX_NODES = 256

export const PINGPONG: Tool = {
  name: 'pingpong',
  summary: 'let two nodes exchange values and measure the time',
  description: [
    'Starts a network inside this process, without internet. Two of its nodes play ping-pong: ' +
      'one puts a value, the other hears it through a listen and puts one back. perftest is a ' +
      'series of such games.',
  ],
  examples: [{ what: 'A short game', command: 'pingpong --rounds 100' }],
  flags: {
    'node-num': {
      short: 'n',
      argument: 'N',
      help: [`nodes in the network; default ${DEFAULT_NODES}`],
    },
    rounds: { argument: 'N', help: [`round trips; default ${DEFAULT_ROUNDS}`] },
    ...JSON_FLAG,
    ...INFO_FLAGS,
  },
  exitStatuses: [
    { status: 0, meaning: 'the game ended' },
    NOT_STARTED,
    WRONG_USAGE,
    { status: 3, meaning: 'it did not end in time, or was interrupted' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const nodes = given.number('node-num', 'number of nodes', { min: 2, max: MAX_NODES })
    const rounds = given.number('rounds', 'number of rounds', { min: 1, max: MAX_ROUNDS })
    const { runPerftest } = await import('../perf/run-perftest.ts')
    const plan = {
      rounds: rounds ?? DEFAULT_ROUNDS,
      parallel: [1],
      sizes: [nodes ?? DEFAULT_NODES],
      json: given.has('json'),
    }
    return runPerftest(plan, streams)
  },
}
