// SPDX-License-Identifier: MIT
// Compiles the small C programs of this folder, and keeps them until their sources change.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/opendht')

/** Path of what was made of `source`; `flags` are those of the compiler, libraries among them. */
export function compileC(source: string, flags: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(flags)).update(readFileSync(source))
  const path = join(CACHE, `${basename(source, '.c')}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  const unfinished = `${path}.${process.pid}`
  execFileSync('cc', ['-O2', '-o', unfinished, source, ...flags])
  renameSync(unfinished, path)
  return path
}
