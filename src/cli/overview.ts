// SPDX-License-Identifier: MIT
// The text of `opendht --help`.

import type { Tool } from './tool.ts'
import { TOOLS } from './tools/all.ts'

const NAME_COLUMN = 13
const STEP_COLUMN = 34

export const FIRST_STEPS: Tool['examples'] = [
  { what: 'First steps, without internet', command: 'opendht dhtnode --demo 16' },
  { what: 'Join the public network', command: 'opendht dhtnode -b bootstrap.jami.net' },
  { what: 'Completions for your shell', command: 'opendht completion --help' },
]

export const OVERVIEW_SUMMARY = 'a distributed hash table: node and tools'

export function overviewText(): string {
  const tools = TOOLS.map(({ name, summary }) => `  ${name.padEnd(NAME_COLUMN)}${summary}`)
  const steps = FIRST_STEPS.map(({ what, command }) => {
    return `${`${what}:`.padEnd(STEP_COLUMN)}${command}`
  })
  return `Usage: opendht TOOL [options]

OpenDHT is a distributed key/value store. These are its tools; each of them is
also a command of its own name, and explains itself: opendht help TOOL.

${tools.join('\n')}

${steps.join('\n')}`
}
