// SPDX-License-Identifier: MIT
// Reads lines from a terminal with prompt, line editing, history and completion, or from a pipe
// with none of these: there, only the answers are written.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { OutputStream, Screen } from './screen.ts'

export interface LineStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
}

/** Who reads the lines. */
export interface LineReader {
  /** Fires when nothing more is to be read. */
  readonly ended: AbortSignal
  prompt(): string
  /** Tab was pressed behind `line`: what it may go on with, and the part that this replaces. */
  complete(line: string): [string[], string]
  /** Ctrl-C was pressed. */
  interrupt(): void
  /** Returns whether to go on; the next line is not read before. */
  read(line: string, isTerminal: boolean): Promise<boolean>
}

/** Returns whether it was a terminal, when the input ends or the reader wants no more. */
export async function readLines(
  reader: LineReader,
  screen: Screen,
  { stdin, stdout }: LineStreams,
): Promise<boolean> {
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true
  // A signal may come right after the start.
  if (reader.ended.aborted) return isTerminal
  const completer = (line: string): [string[], string] => reader.complete(line)
  const lines = createInterface(
    isTerminal ? { input: stdin, output: stdout, completer } : { input: stdin },
  )
  const close = (): void => lines.close()
  const showPrompt = (): void => {
    lines.setPrompt(reader.prompt())
    screen.showPrompt()
  }
  reader.ended.addEventListener('abort', close, { once: true })
  if (isTerminal) {
    screen.attach(lines)
    lines.on('SIGINT', () => reader.interrupt())
    showPrompt()
  }
  for await (const line of lines) {
    if (reader.ended.aborted || !(await reader.read(line, isTerminal))) break
    if (isTerminal) showPrompt()
  }
  screen.detach()
  lines.close()
  reader.ended.removeEventListener('abort', close)
  return isTerminal
}

/** Words of a list that the last word of the line may become. */
export function completeWord(line: string, known: readonly string[]): [string[], string] {
  const word = line.slice(line.search(/\S*$/))
  return [known.filter((it) => it.startsWith(word)).map((it) => `${it} `), word]
}
