// SPDX-License-Identifier: MIT
// A program that runs until the test ends it: what it printed, and waiting for more of that.

import type { TestContext } from 'node:test'
import { type ChildOptions, startChild, stopChild } from './child.ts'
import { Watch } from './watch.ts'

const TIMEOUT_MS = 60_000
const CLOSE_GRACE_MS = 10_000

export interface Program {
  /** The first match in what it printed, on either stream. Rejects when it ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Types a line. */
  type(line: string): void
  /** Ends its input. Resolves to its exit status. */
  end(): Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/** Ended with the test `t`. */
export function startProgram(
  t: TestContext,
  command: readonly string[],
  options: ChildOptions = {},
): Program {
  const child = startChild(command, options)
  const watch = new Watch()
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
      watch.notify()
    })
  }
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      watch.fail(new Error(`${command.join(' ')} ended (${code}): ${text}`))
      resolve(code)
    })
  })
  exit.catch((error) => watch.fail(error))
  t.after(() => {
    child.kill('SIGTERM')
    return stopChild(child, CLOSE_GRACE_MS)
  })
  return {
    until: (pattern) =>
      watch.until(
        () => pattern.exec(text) ?? undefined,
        TIMEOUT_MS,
        () => `${pattern} in ${text}`,
      ),
    type: (line) => void child.stdin.write(`${line}\n`),
    end: () => {
      child.stdin.end()
      return exit
    },
    kill: (signal) => void child.kill(signal),
  }
}
