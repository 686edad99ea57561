// SPDX-License-Identifier: MIT
// What every tool that runs for a while has: output, an end by signal or broken pipe, and errors
// that become one line and an exit status.

import { Screen } from './screen.ts'
import type { ProgramStreams } from './tool.ts'

export interface Program {
  readonly screen: Screen
  /** Fires when the program is to end. */
  readonly stop: AbortController
  readonly streams: ProgramStreams
}

const FAILED = 1
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/**
 * Resolves to the status that `serve` resolves to, 0 when it was stopped before it came that far,
 * or 1 with a line on standard error when it fails.
 */
export async function runProgram(
  streams: ProgramStreams,
  serve: (program: Program) => Promise<number>,
): Promise<number> {
  const screen = new Screen(streams.stdout, streams.stderr)
  const stop = new AbortController()
  const signals = stopOnSignals(stop)
  // Nobody reads any more, as in `dhtnode | head`.
  streams.stdout.on('error', () => stop.abort())
  streams.stderr.on('error', () => {})
  try {
    return await serve({ screen, stop, streams })
  } catch (error) {
    if (error === stop.signal.reason) return 0
    screen.error(`Error: ${error instanceof Error ? error.message : error}`)
    return FAILED
  } finally {
    signals.remove()
  }
}

export function untilAborted(signal: AbortSignal): Promise<void> {
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

/** The first signal ends the program in order, the second at once. */
function stopOnSignals(stop: AbortController): { remove(): void } {
  let isSecond = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isSecond) process.exit(128 + SIGNAL_NUMBERS[signal as keyof typeof SIGNAL_NUMBERS])
    isSecond = true
    stop.abort()
  }
  // On Windows it says that the window was closed, and that the end comes in ten seconds.
  const onHangUp = process.platform === 'win32' ? onSignal : (): void => {}
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp)
  return {
    remove: () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp)
    },
  }
}
