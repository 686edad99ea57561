// SPDX-License-Identifier: MIT
// Reads commands line by line, from a terminal with prompt, line editing and history, or from a
// pipe with neither: there, only the answers are written.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { execute } from './commands/registry.ts'
import type { OutputStream, Screen } from './screen.ts'
import type { Session } from './session.ts'

export interface ReplStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
}

const PROMPT = '>> '
/** A script that pipes in many puts waits for the first ones to end. */
const MAX_RUNNING_PIPED = 64
/** At the end of piped input, what still runs gets this long. */
const DRAIN_MS = 15_000

/** Returns when the input ends, the user leaves, or the session is ended. */
export async function runRepl(
  session: Session,
  screen: Screen,
  { stdin, stdout }: ReplStreams,
): Promise<void> {
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true
  const lines = createInterface(
    isTerminal ? { input: stdin, output: stdout, prompt: PROMPT } : { input: stdin },
  )
  const close = (): void => lines.close()
  session.ended.addEventListener('abort', close, { once: true })
  if (isTerminal) {
    screen.attach(lines)
    lines.on('SIGINT', () => session.end())
    screen.showPrompt()
  }
  for await (const line of lines) {
    if (session.ended.aborted) break
    execute(session, line)
    if (session.isLeaving) break
    if (isTerminal) screen.showPrompt()
    else await session.waitForSlot(MAX_RUNNING_PIPED)
  }
  screen.detach()
  lines.close()
  session.ended.removeEventListener('abort', close)
  if (!isTerminal) await session.waitForOperations(DRAIN_MS)
}
