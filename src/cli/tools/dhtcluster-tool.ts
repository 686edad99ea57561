// SPDX-License-Identifier: MIT
// The table of dhtcluster: many nodes in one process.

import { type Given, UsageError } from '../given.ts'
import { INFO_FLAGS, JOIN_FLAGS, JSON_FLAG, LOG_FLAGS } from '../node-flags.ts'
import { toNodeOptions } from '../options.ts'
import { ENDED, NOT_STARTED, type ProgramStreams, type Tool, WRONG_SCRIPT } from '../tool.ts'

const DEFAULT_NODES = 32
const MAX_NODES = 500
const DEFAULT_PORT = 4000
const MAX_PORT = 65_535

const { bootstrap, bind4, bind6, net } = JOIN_FLAGS

export const DHTCLUSTER: Tool = {
  name: 'dhtcluster',
  summary: 'run many nodes in one process',
  description: [
    'Runs nodes on consecutive UDP ports, which form a network, or join one with -b. Commands ' +
      'show the cluster, make it larger or smaller, and speak to one of its nodes like dhtnode.',
  ],
  examples: [
    { what: 'A network of 32 nodes', command: 'dhtcluster --bind4 127.0.0.1' },
    { what: 'Nodes for a public network', command: 'dhtcluster -n 16 -b 192.0.2.7 -s' },
  ],
  flags: {
    'node-num': {
      short: 'n',
      argument: 'N',
      help: [`number of nodes, 1 to ${MAX_NODES}; default ${DEFAULT_NODES}`],
    },
    port: {
      short: 'p',
      argument: 'PORT',
      help: [`UDP port of the first node, default ${DEFAULT_PORT}; 0 for`, 'any free ports'],
    },
    bootstrap,
    bind4,
    bind6,
    net: { argument: 'ID', help: net.help },
    service: { short: 's', help: ['no commands: run until SIGINT or SIGTERM'] },
    daemonize: { short: 'd', help: ['be a service in the background'] },
    ...JSON_FLAG,
    ...LOG_FLAGS,
    logfile: {
      short: 'l',
      argument: 'FILE',
      help: ['write the log of node K to FILE.K; implies -v'],
    },
    ...INFO_FLAGS,
  },
  notes: [
    'Commands: node N speaks to node N from then on, and node to the cluster again; resize N; ' +
      'll shows the nodes; h helps; x ends. With a node selected, the commands are those of ' +
      'dhtnode.',
  ],
  exitStatuses: [
    ENDED,
    NOT_STARTED,
    WRONG_SCRIPT,
    { status: 3, meaning: 'a command of a script failed' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const options = toNodeOptions(given)
    const range = { min: 1, max: MAX_NODES }
    const nodes = given.number('node-num', 'number of nodes', range) ?? DEFAULT_NODES
    const firstPort = options.port ?? DEFAULT_PORT
    if (firstPort + nodes - 1 > MAX_PORT) {
      throw new UsageError(`There are no ${nodes} ports from ${firstPort} on`)
    }
    if (options.daemonize) {
      const { isDaemon, startDaemon } = await import('../daemon.ts')
      if (!isDaemon()) return startDaemon(streams, options.json)
    }
    const { runCluster } = await import('../cluster/run-cluster.ts')
    return runCluster({ ...options, nodes, maxNodes: MAX_NODES, firstPort }, streams)
  },
}
