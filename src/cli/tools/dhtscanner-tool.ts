// SPDX-License-Identifier: MIT
// The table of dhtscanner: a map of a network.

import { type Given, UsageError } from '../given.ts'
import { GUEST_FLAGS, INFO_FLAGS, JSON_FLAG, LOG_FLAGS } from '../node-flags.ts'
import { toGuestOptions } from '../options.ts'
import { DONE, NOT_STARTED, type ProgramStreams, type Tool, WRONG_USAGE } from '../tool.ts'

export const DHTSCANNER: Tool = {
  name: 'dhtscanner',
  summary: 'find all nodes of a network',
  description: [
    'Visits a network and prints its nodes, sorted by id, with their addresses. It looks up ' +
      'keys all over the network, closer together where there are more nodes, until it has seen ' +
      'the neighbours of every node that answers. It takes part without serving others.',
    'On a terminal it shows how far it is. Ctrl-C ends the scan and prints what has been found.',
  ],
  examples: [
    { what: 'Scan a network of yours', command: 'dhtscanner -n 42 -b 192.0.2.7' },
    { what: 'Count the nodes', command: 'dhtscanner -b 192.0.2.7 --json | grep -c \'"node"\'' },
  ],
  flags: { ...GUEST_FLAGS, ...JSON_FLAG, ...LOG_FLAGS, ...INFO_FLAGS },
  exitStatuses: [
    DONE,
    NOT_STARTED,
    WRONG_USAGE,
    { status: 3, meaning: 'nobody answered, or the scan is incomplete' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const options = { ...toGuestOptions(given), clientMode: true, unlimited: true }
    if (options.bootstrap.length === 0) {
      throw new UsageError('Which network? Name one of its nodes with -b HOST[:PORT]')
    }
    const { runScanner } = await import('../scanner/run-scanner.ts')
    return runScanner(options, streams)
  },
}
