// SPDX-License-Identifier: MIT
// One run of dhtnode: start the node, serve commands or signals, stop it.

import { nodeInfo } from './commands/inspecting.ts'
import { HELP_HINT } from './commands/registry.ts'
import { daemonStreams } from './daemon.ts'
import { toJson } from './format/json.ts'
import { formatNode, nodeRecord } from './format/node-info.ts'
import { formatProxyUrls, proxyRecords } from './format/proxy-stats.ts'
import { type NodeProgram, withNode } from './node-program.ts'
import { startNotices } from './notices.ts'
import type { NodeOptions } from './options.ts'
import { runProgram, untilAborted } from './program.ts'
import { runRepl } from './repl.ts'
import { Session } from './session.ts'
import type { ProgramStreams } from './tool.ts'

const TOOL = 'dhtnode'

/** Resolves to the exit status. */
export async function runNode(options: NodeOptions, streams: ProgramStreams): Promise<number> {
  if (!options.daemonize) {
    return runProgram(streams, (program) =>
      withNode(TOOL, options, program, (node) => serve(options, node)),
    )
  }
  const daemon = daemonStreams(streams)
  return runProgram(daemon, (program) =>
    withNode(TOOL, options, program, async (node) => {
      const { stop } = node
      await showBanner(options, node)
      daemon.detach()
      await untilAborted(stop.signal)
      return 0
    }),
  )
}

async function serve(options: NodeOptions, program: NodeProgram): Promise<number> {
  const { started, screen, stop, log, streams, proxies } = program
  const { json, service } = options
  const { runner: node, limits } = started
  const session = new Session({ node, out: screen, log, limits, proxies, stop, json })
  try {
    await showBanner(options, program)
    await (service ? untilAborted(stop.signal) : runRepl(session, screen, streams))
    session.note('\nStopping node...')
    const isScript = !streams.stdin.isTTY && !stop.signal.aborted
    return isScript ? session.status : 0
  } finally {
    session.end()
  }
}

async function showBanner(
  options: NodeOptions,
  { started, screen, proxies }: NodeProgram,
): Promise<void> {
  const { runner, demo } = started
  const info = await nodeInfo(runner)
  const served = proxies.list.map(({ summary }) => summary)
  if (options.json) {
    const joinable = demo && { network: demo.network, bootstrap: demo.entry }
    return screen.line(toJson({ ...nodeRecord(info), ...proxyRecords(served), demo: joinable }))
  }
  const lines = [formatNode(info), ...served.map(formatProxyUrls)]
  const hasCommands = !options.service && !options.daemonize
  if (hasCommands) lines.push(HELP_HINT)
  screen.line([...lines, ...startNotices(options, runner, demo), ''].join('\n'))
}
