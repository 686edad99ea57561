// SPDX-License-Identifier: MIT
// The texts of --help and --version.

import { readFileSync } from 'node:fs'
import type { Flag } from './flags.ts'
import { commandOf, type Tool } from './tool.ts'

/** Fits most flags; the texts fill the rest of 80 columns. */
const FLAG_COLUMN = 28
const COLUMNS = 80

export function helpText(tool: Tool): string {
  const { description, examples, notes = [], exitStatuses, operands } = tool
  const width = Math.max(...examples.map(({ what }) => what.length)) + 2
  const statuses = exitStatuses.map(({ status, meaning }) => `${status} ${meaning}`).join(', ')
  return [
    `Usage: ${commandOf(tool)} [options]${operands === undefined ? '' : ` ${operands.usage}`}`,
    ...description.map(wrap),
    examples.map(({ what, command }) => `${`${what}:`.padEnd(width)} ${command}`).join('\n'),
    ['Options:', ...flagLines(tool)].join('\n'),
    ...notes.map(wrap),
    wrap(`Exit status: ${statuses}.`),
  ].join('\n\n')
}

export function versionText(): string {
  return `OpenDHT version ${packageVersion()}
Independent TypeScript node, wire compatible with the C++ implementation.
MIT license; please report bugs where you got it from.`
}

export function packageVersion(): string {
  // The same relative path from src/cli and from dist/cli.
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

/** Breaks a paragraph between words. */
export function wrap(paragraph: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join('\n')
}

function flagLines({ flags }: Tool): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => describeFlag(name, flag))
}

function describeFlag(name: string, { short, argument, help }: Flag): string[] {
  if (help === undefined) return []
  const long = argument === undefined ? `--${name}` : `--${name} ${argument}`
  const label = `${short === undefined ? '    ' : `-${short}, `}${long}`
  const isLong = label.length > FLAG_COLUMN
  const texts = isLong ? ['', ...help] : help
  return texts.map((text, i) => `  ${(i === 0 ? label : '').padEnd(FLAG_COLUMN)} ${text}`.trimEnd())
}
