// SPDX-License-Identifier: MIT
// The texts of --help and --version.

import { readFileSync } from 'node:fs'
import { type Flag, flagEntries } from './flags.ts'

/** Fits most flags; the texts fill the rest of 80 columns. */
const FLAG_COLUMN = 28

export function helpText(): string {
  return `Usage: dhtnode [options]

Runs a node of an OpenDHT network that reads commands from keyboard or pipe.
Without options it listens on UDP port 4222 and contacts nobody.

Join the public network:    dhtnode -b bootstrap.jami.net
Join a node that you run:   dhtnode -b 192.0.2.7:4222
Try it without a network:   dhtnode --demo 16
Put from a script:          echo "p key text" | dhtnode -b bootstrap.jami.net
Sign what you put:          dhtnode -b bootstrap.jami.net -i --save-identity me

Options:
${flagLines().join('\n')}

Short options may be combined (-vp 4222); --port 4222 and --port=4222 are the
same. Options for proxies, push notifications, daemon and syslog are known, but
refused: they are not available yet in this version.
Type h at the prompt for the commands. At the end of piped input, dhtnode lets
running operations finish, for at most 15 seconds.

Exit status: 0 normal end, 1 the node could not start, 2 wrong usage, 3 a get,
query, put or listen of a script (commands through a pipe) failed.`
}

export function versionText(): string {
  return `OpenDHT version ${packageVersion()}
Independent TypeScript node, wire compatible with the C++ implementation.
MIT license; please report bugs where you got it from.`
}

function packageVersion(): string {
  // The same relative path from src/cli and from dist/cli.
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

function flagLines(): string[] {
  return flagEntries().flatMap(([name, flag]) => describeFlag(name, flag))
}

function describeFlag(name: string, { short, argument, help }: Flag): string[] {
  if (help === undefined) return []
  const long = argument === undefined ? `--${name}` : `--${name} ${argument}`
  const label = `${short === undefined ? '    ' : `-${short}, `}${long}`
  const isLong = label.length > FLAG_COLUMN
  const texts = isLong ? ['', ...help] : help
  return texts.map((text, i) => `  ${(i === 0 ? label : '').padEnd(FLAG_COLUMN)} ${text}`.trimEnd())
}
