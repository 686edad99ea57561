// SPDX-License-Identifier: MIT
// One run of dhtcluster.

import { daemonStreams } from '../daemon.ts'
import { toJson } from '../format/json.ts'
import { NumberedLogs } from '../log-target.ts'
import type { NodeOptions } from '../options.ts'
import { type Program, runProgram, untilAborted } from '../program.ts'
import { readLines } from '../read-lines.ts'
import type { Screen } from '../screen.ts'
import type { ProgramStreams } from '../tool.ts'
import { Cluster } from './cluster.ts'
import { ClusterShell } from './cluster-shell.ts'

export interface ClusterRunOptions extends NodeOptions {
  readonly nodes: number
  readonly maxNodes: number
  /** 0 for any free ports. */
  readonly firstPort: number
}

/** At the end of piped input, what still runs gets this long. */
const DRAIN_MS = 15_000
const MAX_RUNNING_PIPED = 64

/** Resolves to the exit status. */
export function runCluster(options: ClusterRunOptions, streams: ProgramStreams): Promise<number> {
  if (!options.daemonize) return runProgram(streams, (program) => serve(options, program, () => {}))
  const daemon = daemonStreams(streams)
  return runProgram(daemon, (program) => serve(options, program, daemon.detach))
}

async function serve(
  options: ClusterRunOptions,
  program: Program,
  onReady: () => void,
): Promise<number> {
  const { screen, stop } = program
  const logs = new NumberedLogs(options, screen, 'dhtcluster')
  const cluster = openCluster(options, logs)
  try {
    await cluster.resize(options.nodes)
    showBanner(options, cluster, screen)
    onReady()
    if (options.service || options.daemonize) {
      await untilAborted(stop.signal)
      return 0
    }
    return await serveCommands(options, cluster, program)
  } finally {
    stop.abort()
    await cluster.resize(0)
    logs.close()
  }
}

function openCluster(options: ClusterRunOptions, logs: NumberedLogs): Cluster {
  const { network = 0, bootstrap, bind4, bind6, firstPort } = options
  const isBound = bind4 !== undefined || bind6 !== undefined
  return new Cluster({
    firstPort,
    runner: {
      network,
      bootstrap,
      // Naming one address means that one only.
      bind4: bind4 ?? (isBound ? false : undefined),
      bind6: bind6 ?? (isBound ? false : undefined),
    },
    openLog: (index) => logs.open(index),
  })
}

function showBanner(
  { json, service, firstPort }: ClusterRunOptions,
  { nodes }: Cluster,
  screen: Screen,
): void {
  const ports = nodes.map(({ runner }) => runner.port4 ?? runner.port6)
  if (json) return screen.line(toJson({ event: 'cluster', nodes: nodes.length, ports }))
  const range = firstPort === 0 ? ports.join(', ') : `${ports[0]} to ${ports.at(-1)}`
  screen.line(`${nodes.length} nodes running on ports ${range}`)
  if (!service) screen.line(" (type 'h' or 'help' for a list of possible commands)\n")
}

async function serveCommands(
  { json, maxNodes }: ClusterRunOptions,
  cluster: Cluster,
  { screen, stop, streams }: Program,
): Promise<number> {
  const shell = new ClusterShell({ cluster, out: screen, stop, json, maxNodes })
  const reader = {
    ended: stop.signal,
    prompt: () => shell.prompt,
    complete: (line: string) => shell.complete(line),
    interrupt: () => stop.abort(),
    read: async (line: string, isTerminal: boolean) => {
      await shell.read(line)
      if (!isTerminal) await waitAll(shell, (it) => it.waitForSlot(MAX_RUNNING_PIPED))
      return !shell.isLeaving
    },
  }
  const isTerminal = await readLines(reader, screen, streams)
  if (!isTerminal) await waitAll(shell, (it) => it.waitForOperations(DRAIN_MS))
  if (!json) screen.line('\nStopping nodes...')
  return isTerminal || stop.signal.aborted ? 0 : shell.status
}

type SessionOf = ClusterShell['sessions'][number]

async function waitAll(
  { sessions }: ClusterShell,
  wait: (session: SessionOf) => Promise<void>,
): Promise<void> {
  await Promise.all(sessions.map(wait))
}
