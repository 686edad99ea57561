// SPDX-License-Identifier: MIT
// Tells whether the C++ implementation is installed, so that tests can be skipped without it.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { CPP_HEADER } from './cpp-compiler.ts'

let missing: string | false | undefined
let missingForSecure: string | false | undefined

/**
 * False when real C++ nodes can be started, else the reason to skip: made for
 * `test(name, { skip: cppAvailable() }, …)`. In continuous integration nothing may be skipped, so
 * there it throws instead.
 */
export function cppAvailable(): string | false {
  missing ??= findMissing()
  return refuseInCi(missing)
}

/** The same for what compiles programs against the C++ library: see cpp-secure.ts. */
export function cppSecureAvailable(): string | false {
  missingForSecure ??= findMissingForSecure()
  return refuseInCi(missingForSecure)
}

function refuseInCi(reason: string | false): string | false {
  if (reason !== false && process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

function findMissing(): string | false {
  if (process.platform !== 'linux') return 'C++ nodes are only available on Linux'
  if (spawnSync('dhtnode', ['--version']).status !== 0) return 'dhtnode is not installed'
  if (spawnSync('/usr/bin/python3', ['-c', 'import opendht']).status !== 0) {
    return 'python3-opendht is not installed'
  }
  return false
}

function findMissingForSecure(): string | false {
  if (process.platform !== 'linux') return 'the C++ library is only available on Linux'
  if (!existsSync(CPP_HEADER)) return 'libopendht-dev is not installed'
  return spawnSync('g++', ['--version']).status !== 0 && 'g++ is not installed'
}
