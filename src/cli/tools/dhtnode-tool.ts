// SPDX-License-Identifier: MIT
// The table of dhtnode: a node that reads commands.

import type { Given } from '../given.ts'
import {
  IDENTITY_FLAGS,
  INFO_FLAGS,
  JOIN_FLAGS,
  JSON_FLAG,
  LOG_FLAGS,
  PROXY_CLIENT_FLAGS,
  PROXY_SERVER_FLAGS,
  ROLE_FLAGS,
} from '../node-flags.ts'
import { toNodeOptions } from '../options.ts'
import { PUSH_FLAGS } from '../proxies/push-options.ts'
import { ENDED, NOT_STARTED, type ProgramStreams, type Tool, WRONG_SCRIPT } from '../tool.ts'

export const DHTNODE: Tool = {
  name: 'dhtnode',
  summary: 'run a node that reads commands, or a service',
  description: [
    'Runs a node of an OpenDHT network that reads commands from keyboard or pipe. Without ' +
      'options it listens on UDP port 4222 and contacts nobody.',
  ],
  examples: [
    { what: 'Join the public network', command: 'dhtnode -b bootstrap.jami.net' },
    { what: 'Join a node that you run', command: 'dhtnode -b 192.0.2.7:4222' },
    { what: 'Try it without a network', command: 'dhtnode --demo 16' },
    { what: 'Put from a script', command: 'echo "p key text" | dhtnode -b 192.0.2.7' },
    { what: 'Sign what you put', command: 'dhtnode -b 192.0.2.7 -i --save-identity me' },
    { what: 'Serve HTTP clients', command: 'dhtnode -b bootstrap.jami.net --proxyserver 8080' },
    { what: 'Without UDP', command: 'dhtnode --proxyclient http://192.0.2.7:8080' },
    { what: 'Run in the background', command: 'dhtnode -b 192.0.2.7 -d -l dhtnode.log' },
  ],
  flags: {
    ...JOIN_FLAGS,
    ...ROLE_FLAGS,
    ...IDENTITY_FLAGS,
    service: { short: 's', help: ['no commands: run until SIGINT or SIGTERM'] },
    daemonize: {
      short: 'd',
      help: [
        'be a service in the background; returns when the',
        'node runs. With -v it logs to syslog',
      ],
    },
    demo: {
      argument: 'N',
      help: [
        'start a private network of N nodes inside this',
        'process and join it; needs no internet',
      ],
    },
    ...PROXY_SERVER_FLAGS,
    ...PUSH_FLAGS,
    ...PROXY_CLIENT_FLAGS,
    ...JSON_FLAG,
    ...LOG_FLAGS,
    ...INFO_FLAGS,
  },
  notes: [
    'Short options may be combined (-vp 4222); --port 4222 and --port=4222 are the same.',
    'Type h at the prompt for the commands. At the end of piped input, dhtnode lets running ' +
      'operations finish, for at most 15 seconds.',
  ],
  exitStatuses: [
    ENDED,
    NOT_STARTED,
    WRONG_SCRIPT,
    { status: 3, meaning: 'a get, put or other command of a script failed, or did not end' },
  ],
  async run(given: Given, streams: ProgramStreams): Promise<number> {
    const options = toNodeOptions(given)
    if (options.daemonize) {
      const { isDaemon, startDaemon } = await import('../daemon.ts')
      if (!isDaemon()) return startDaemon(streams, options.json)
    }
    const { runNode } = await import('../run-node.ts')
    return runNode(options, streams)
  },
}
