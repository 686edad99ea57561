// SPDX-License-Identifier: MIT
// Tells whether the C++ implementation is installed, so that tests can be skipped without it.

import { spawnSync } from 'node:child_process'

let missing: string | false | undefined

/**
 * False when real C++ nodes can be started, else the reason to skip: made for
 * `test(name, { skip: cppAvailable() }, …)`. In continuous integration nothing may be skipped, so
 * there it throws instead.
 */
export function cppAvailable(): string | false {
  missing ??= findMissing()
  if (missing !== false && process.env['CI'] === 'true') throw new Error(missing)
  return missing
}

function findMissing(): string | false {
  if (process.platform !== 'linux') return 'C++ nodes are only available on Linux'
  if (spawnSync('dhtnode', ['--version']).status !== 0) return 'dhtnode is not installed'
  if (spawnSync('/usr/bin/python3', ['-c', 'import opendht']).status !== 0) {
    return 'python3-opendht is not installed'
  }
  return false
}
