// SPDX-License-Identifier: MIT
// Child processes that never outlive the tests: each is killed by its id, at exit at the latest.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

const running = new Set<ChildProcessWithoutNullStreams>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// Without these a signal would end this process before its exit handlers run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1))
}

export interface ChildOptions {
  /** Put before the command, e.g. the one that enters a network namespace. */
  readonly prefix?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Where the scheduler shares processors out by session, it does not share one with others. */
  readonly hasOwnSession?: boolean
}

export function startChild(
  command: readonly string[],
  options: ChildOptions = {},
): ChildProcessWithoutNullStreams {
  const [file, ...args] = [...(options.prefix ?? []), ...command]
  const child = spawn(file!, args, {
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: options.hasOwnSession ?? false,
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  child.stdin.on('error', () => {}) // the child may end before it has read everything
  return child
}

/** Resolves when the child has ended; kills it when it has not after `graceMs`. */
export function stopChild(child: ChildProcessWithoutNullStreams, graceMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
