// SPDX-License-Identifier: MIT
// The versions of Node.js that built code is tried on: the one of the tests, and the oldest that is
// at hand.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const MINIMUM = [20, 19]

/** Node.js binaries to try, by name; the system's own only when it is new enough. */
export function runtimes(): [name: string, path: string][] {
  const found: [string, string][] = [['the Node.js of the tests', process.execPath]]
  const other = process.env.OLDEST_NODE ?? '/usr/bin/node'
  if (!existsSync(other)) return found
  const version = spawnSync(other, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  const isSupported = major > MINIMUM[0]! || (major === MINIMUM[0] && minor >= MINIMUM[1]!)
  return isSupported ? [...found, [version, other]] : found
}

/** The one that runs programs of guides and examples: that of the tests, unless one is named. */
export function programNode(): string {
  return process.env.OLDEST_NODE ?? process.execPath
}
