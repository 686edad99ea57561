// SPDX-License-Identifier: MIT
// Compiles the C++ drivers of the tests against the installed library, which takes some seconds
// each, and keeps the programs until their sources or the library change.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** A header of the library: found where its development files are installed. */
export const CPP_HEADER = '/usr/include/opendht/dhtrunner.h'

/** Sources of each program, the one to compile first. */
const PROGRAMS = {
  'cpp-secure': ['cpp_secure.cpp', 'cpp_secure_offline.hpp', 'cpp_secure_text.hpp'],
  'cpp-discovery': ['cpp_discovery.cpp'],
  'cpp-pht': ['cpp_pht.cpp', 'cpp_secure_text.hpp'],
} as const
const FLAGS = ['-std=c++17', '-O0', '-I/usr/include/jsoncpp']
const LIBRARIES = ['-lopendht', '-lgnutls', '-ljsoncpp']
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/opendht')

export type CppProgram = keyof typeof PROGRAMS

const compiled = new Map<CppProgram, Promise<string>>()

/** The path of the program. */
export function cppProgram(name: CppProgram): Promise<string> {
  const path = compiled.get(name) ?? compile(name)
  compiled.set(name, path)
  return path
}

async function compile(program: CppProgram): Promise<string> {
  const sources = PROGRAMS[program].map((name) => join(import.meta.dirname, name))
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, LIBRARIES]))
  hash.update(`${statSync(CPP_HEADER).mtimeMs}`)
  for (const source of sources) hash.update(readFileSync(source))
  const path = join(CACHE, `${program}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  // Under a name of its own, as other tests may be compiling it at the same time.
  const unfinished = `${path}.${process.pid}`
  await promisify(execFile)('g++', [...FLAGS, sources[0]!, '-o', unfinished, ...LIBRARIES])
  renameSync(unfinished, path)
  return path
}
