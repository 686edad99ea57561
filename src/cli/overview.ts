// SPDX-License-Identifier: MIT
// The text of `opendht --help`.

import { TOOLS } from './tools/all.ts'

const NAME_COLUMN = 13

export const OVERVIEW_SUMMARY = 'a distributed hash table: node and tools'

export function overviewText(): string {
  const tools = TOOLS.map(({ name, summary }) => `  ${name.padEnd(NAME_COLUMN)}${summary}`)
  return `Usage: opendht TOOL [options]

OpenDHT is a distributed key/value store. These are its tools; each of them is
also a command of its own name, and explains itself: opendht TOOL --help.

${tools.join('\n')}

First steps, without internet:    opendht dhtnode --demo 16
Join the public network:          opendht dhtnode -b bootstrap.jami.net
Completions for your shell:       opendht completion --help`
}
