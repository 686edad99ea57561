// SPDX-License-Identifier: MIT
// Compiles the C++ driver of the public-key tests against the installed library, which takes some
// seconds, and keeps the program until its sources or the library change.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** A header of the library: found where its development files are installed. */
export const CPP_HEADER = '/usr/include/opendht/dhtrunner.h'

const SOURCES = ['cpp_secure.cpp', 'cpp_secure_offline.hpp', 'cpp_secure_text.hpp']
const FLAGS = ['-std=c++17', '-O0', '-I/usr/include/jsoncpp']
const LIBRARIES = ['-lopendht', '-lgnutls', '-ljsoncpp']
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/opendht')

let driver: Promise<string> | undefined

/** The path of the program. */
export function cppSecureDriver(): Promise<string> {
  driver ??= compile()
  return driver
}

async function compile(): Promise<string> {
  const sources = SOURCES.map((name) => join(import.meta.dirname, name))
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, LIBRARIES]))
  hash.update(`${statSync(CPP_HEADER).mtimeMs}`)
  for (const source of sources) hash.update(readFileSync(source))
  const path = join(CACHE, `cpp-secure-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  // Under a name of its own, as other tests may be compiling it at the same time.
  const unfinished = `${path}.${process.pid}`
  await promisify(execFile)('g++', [...FLAGS, sources[0]!, '-o', unfinished, ...LIBRARIES])
  renameSync(unfinished, path)
  return path
}
