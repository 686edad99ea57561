// SPDX-License-Identifier: MIT
// One run of dhtchat.

import { nodeInfo } from '../commands/inspecting.ts'
import { formatNode, nodeRecord } from '../format/node-info.ts'
import { type NodeProgram, withNode } from '../node-program.ts'
import type { NodeOptions } from '../options.ts'
import { runProgram } from '../program.ts'
import { completeWord, readLines } from '../read-lines.ts'
import { Session } from '../session.ts'
import type { ProgramStreams } from '../tool.ts'
import { Chat } from './chat.ts'

/** At the end of piped input, messages that are on their way get this long. */
const DRAIN_MS = 15_000

/** Resolves to the exit status. */
export function runChat(options: NodeOptions, streams: ProgramStreams): Promise<number> {
  return runProgram(streams, (program) =>
    withNode('dhtchat', options, program, (node) => serve(options, node)),
  )
}

async function serve({ json }: NodeOptions, program: NodeProgram): Promise<number> {
  const { started, screen, stop, log, streams } = program
  const { runner: node, limits } = started
  const session = new Session({ node, out: screen, log, limits, stop, json })
  const chat = new Chat(session)
  const info = await nodeInfo(node)
  session.report(formatNode(info), nodeRecord(info))
  chat.greet()
  const reader = {
    ended: session.ended,
    prompt: () => chat.prompt,
    complete: (line: string) => completeWord(line, /\S\s/.test(line) ? [] : chat.commands),
    interrupt: () => session.end(),
    read: async (line: string) => {
      chat.read(line)
      return !session.isLeaving
    },
  }
  try {
    const isTerminal = await readLines(reader, screen, streams)
    if (!isTerminal) await session.waitForOperations(DRAIN_MS)
    session.note('\nStopping node...')
    return isTerminal || stop.signal.aborted ? 0 : session.status
  } finally {
    chat.leaveRoom()
    session.end()
  }
}
