// SPDX-License-Identifier: MIT
// dhtnode in the background. Node.js cannot fork, so the program starts itself again, without a
// terminal, shows what it says until the node runs, and leaves it alone then.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { toJson } from './format/json.ts'
import type { OutputStream } from './screen.ts'
import type { ProgramStreams } from './tool.ts'

/** Tells the second process what it is. */
const MARK = 'OPENDHT_DAEMON'
const READY = 'ready'
const FAILED = 1

/** Whether this is the process in the background. */
export function isDaemon(): boolean {
  return process.env[MARK] !== undefined && process.send !== undefined
}

/** Resolves to 0 when the node runs, else to the status that it ended with. */
export async function startDaemon(
  { stdout, stderr }: ProgramStreams,
  json: boolean,
): Promise<number> {
  const args = [...process.execArgv, ...process.argv.slice(1)]
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.stdout?.pipe(stdout, { end: false })
  child.stderr?.pipe(stderr, { end: false })
  const stop = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    const ready = once(child, 'message').then(() => true)
    const ended = once(child, 'close').then(() => false)
    if (!(await Promise.race([ready, ended]))) return child.exitCode ?? FAILED
    const { pid } = child
    const text = `Running in the background: process ${pid}`
    stdout.write(`${json ? toJson({ event: 'daemon', pid }) : text}\n`)
    child.disconnect()
    child.unref()
    child.stdout?.destroy()
    child.stderr?.destroy()
    return 0
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

export interface DaemonStreams extends ProgramStreams {
  /** The node runs: from now on nobody is told anything. */
  detach(): void
}

/** Output of the process in the background: to the one that started it, as long as it waits. */
export function daemonStreams({ stdin, stdout, stderr }: ProgramStreams): DaemonStreams {
  delete process.env[MARK]
  let isDetached = false
  const until = (stream: OutputStream): Writable =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        if (!isDetached) stream.write(text)
        done()
      },
    })
  // The other process may have been killed.
  for (const stream of [stdout, stderr]) stream.on('error', () => {})
  const detach = (): void => {
    isDetached = true
    if (process.connected) process.send?.(READY, () => process.disconnect())
  }
  return { stdin, stdout: until(stdout), stderr: until(stderr), detach }
}
