// SPDX-License-Identifier: MIT
// One run of dhtnode: start the node, serve commands or signals, stop it.

import type { Identity } from '../crypto/identity.ts'
import { nodeInfo } from './commands/inspecting.ts'
import { HELP_HINT } from './commands/registry.ts'
import { formatNode } from './format/node-info.ts'
import { Logger, lineSink, openLogFile } from './logger.ts'
import { NetworkWatch, startNotices } from './notices.ts'
import type { NodeOptions } from './options.ts'
import { runRepl } from './repl.ts'
import { type OutputStream, Screen } from './screen.ts'
import { Session } from './session.ts'
import { type StartedNode, startNode } from './start-node.ts'

export interface ProgramStreams {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
}

/** Some get, query, put or listen of a script failed. */
const SCRIPT_FAILED = 3

/** Resolves to the exit status. */
export async function runNode(options: NodeOptions, streams: ProgramStreams): Promise<0 | 1 | 3> {
  const screen = new Screen(streams.stdout, streams.stderr)
  const stop = new AbortController()
  const signals = stopOnSignals(stop)
  // Nobody reads any more, as in `dhtnode | head`.
  streams.stdout.on('error', () => stop.abort())
  streams.stderr.on('error', () => {})
  try {
    const log = openLog(options, screen)
    announceOptions(options, screen)
    const identity = await openOwnIdentity(options, screen, stop.signal)
    const started = await startNode(options, identity, log)
    new NetworkWatch(started.runner, screen, log)
    const { runner: node, limits } = started
    const session = new Session({ node, out: screen, log, limits, stop })
    let status: 0 | 3 = 0
    try {
      await showBanner(options, started, screen)
      await (options.service ? untilAborted(stop.signal) : runRepl(session, screen, streams))
      screen.line('\nStopping node...')
      if (session.hasFailed && !streams.stdin.isTTY && !stop.signal.aborted) status = SCRIPT_FAILED
    } finally {
      session.end()
      await started.close()
    }
    return status
  } catch (error) {
    if (error === stop.signal.reason) return 0
    screen.error(`Error: ${error instanceof Error ? error.message : error}`)
    return 1
  } finally {
    signals.remove()
  }
}

function openLog(options: NodeOptions, screen: Screen): Logger {
  const notice = (text: string): void => screen.error(text)
  if (options.logFile === undefined) {
    const sink = lineSink(notice, screen.hasColors)
    return new Logger({ sink, isOn: options.verbose, notice, isVisible: true })
  }
  const file = openLogFile(options.logFile, ({ message }) => {
    notice(`Cannot write the log file any more: ${message}`)
  })
  return new Logger({ sink: file.sink, isOn: options.verbose, notice, isVisible: false })
}

function announceOptions({ bootstrap }: NodeOptions, screen: Screen): void {
  for (const host of bootstrap) screen.line(`Bootstrap: ${host}`)
}

async function openOwnIdentity(
  { identity }: NodeOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  if (identity === undefined) return undefined
  const { openIdentity } = await import('./own-identity.ts')
  return openIdentity(identity, screen, signal)
}

async function showBanner(
  options: NodeOptions,
  { runner, demo }: StartedNode,
  screen: Screen,
): Promise<void> {
  const lines = [formatNode(await nodeInfo(runner))]
  if (!options.service) lines.push(HELP_HINT)
  screen.line([...lines, ...startNotices(options, runner, demo), ''].join('\n'))
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Keeps the process, as a node alone might one day not.
    const timer = setInterval(() => {}, 2 ** 30)
    const end = (): void => {
      clearInterval(timer)
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

/** The first signal ends the program in order, the second at once. */
function stopOnSignals(stop: AbortController): { remove(): void } {
  let isSecond = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isSecond) process.exit(128 + SIGNAL_NUMBERS[signal as keyof typeof SIGNAL_NUMBERS])
    isSecond = true
    stop.abort()
  }
  const ignore = (): void => {}
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', ignore)
  return {
    remove: () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', ignore)
    },
  }
}
