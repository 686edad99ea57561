// SPDX-License-Identifier: MIT
// The commands of dhtnode, line by line.

import { commandNames, execute } from './commands/registry.ts'
import { completeWord, type LineStreams, readLines } from './read-lines.ts'
import type { Screen } from './screen.ts'
import type { Session } from './session.ts'

const PROMPT = '>> '
/** A script that pipes in many puts waits for the first ones to end. */
const MAX_RUNNING_PIPED = 64
/** At the end of piped input, what still runs gets this long. */
const DRAIN_MS = 15_000

/** Returns when the input ends, the user leaves, or the session is ended. */
export async function runRepl(
  session: Session,
  screen: Screen,
  streams: LineStreams,
): Promise<void> {
  const reader = {
    ended: session.ended,
    prompt: () => PROMPT,
    complete: (line: string) => completeCommand(session, line),
    interrupt: () => session.end(),
    read: async (line: string, isTerminal: boolean) => {
      execute(session, line)
      if (!isTerminal && !session.isLeaving) await session.waitForSlot(MAX_RUNNING_PIPED)
      return !session.isLeaving
    },
  }
  if (!(await readLines(reader, screen, streams))) await session.waitForOperations(DRAIN_MS)
}

/** Tab completes commands, and behind them the keys that were used before. */
export function completeCommand(session: Session, line: string): [string[], string] {
  const isCommand = !/\S\s/.test(line)
  return completeWord(line, isCommand ? commandNames() : session.keyWords)
}
