// SPDX-License-Identifier: MIT
// Sessions with C++ nodes, recorded as text: what was typed, and what was printed then.

import { readFileSync } from 'node:fs'

export interface RecordedCommand {
  readonly typed: string
  /** Forms of the lines that it printed, each once. */
  readonly forms: readonly string[]
}

const DIRECTORY = new URL('../vectors/tools/', import.meta.url)
const PROMPT = /^(>>? )+/

/** The given commands, in this order, out of a longer session. */
export function readSession(name: string, commands: readonly string[]): RecordedCommand[] {
  const lines = readFileSync(new URL(`${name}.txt`, DIRECTORY), 'utf8').split('\n')
  let position = 0
  const isCommand = (line: string): boolean => COMMAND.test(line.replace(PROMPT, ''))
  return commands.map((typed) => {
    const start = lines.findIndex((line, i) => i >= position && line.replace(PROMPT, '') === typed)
    if (start < 0) throw new Error(`${typed} is not in ${name} after line ${position}`)
    position = start + 1
    const length = lines.slice(position).findIndex(isCommand)
    const printed = lines.slice(position, position + length).map((line) => formOf(line))
    return { typed, forms: [...new Set(printed)].filter((form) => form !== '') }
  })
}

/** Forms of all lines that were printed in a whole recording, each once. */
export function readPrinted(name: string, typed: readonly string[]): string[] {
  const lines = readFileSync(new URL(`${name}.txt`, DIRECTORY), 'utf8').split('\n')
  const printed = lines.filter((line) => !typed.includes(line.replace(PROMPT, '')))
  return [...new Set(printed.map(formOf))].filter((form) => form !== '')
}

/** How a typed line looks, in contrast to a printed one. */
const COMMAND = /^([a-z]{1,3}|zzz|log)( |$)/

/** The line with KEY, ID, TIME, SIZE and N for what differs from one run to the next. */
export function formOf(line: string): string {
  return line
    .replace(PROMPT, '')
    .replace(/[0-9a-f]{40}/g, 'KEY')
    .replace(/(Value ID: |\b[iI]d:)[0-9a-f]+/g, '$1ID')
    .replace(/\bnow\b|\b[\d.]+ (us|mss?|s|min)\b( ago)?/g, 'TIME')
    .replace(/\b\d+ B\b|\b[\d.]+ KB \(\d+ bytes\)|\(\d+ bytes\)/g, 'SIZE')
    .replace(/\d+/g, 'N')
    .replace(/ +/g, ' ')
    .trimEnd()
}
