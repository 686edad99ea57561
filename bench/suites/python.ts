// SPDX-License-Identifier: MIT
// The Python package, as its wheel installs it, beside the C++ module: the program that both run is
// python/opendht/tools/benchmark.py. The interpreter is the same, that of the system.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Row, Subject } from '../harness/benchmark.ts'
import { BENCH, type Context, CPP, ROOT } from '../harness/context.ts'
import { Program } from '../harness/program.ts'

const SYSTEM = '/usr/bin/python3'
const PROGRAM = join(ROOT, 'python/opendht/tools/benchmark.py')
const COUNT = 1000
const TIMEOUT_MS = 120_000
/** Without the sources, with the Node.js of the other benchmarks, and with its cache of code. */
const UNSET = ['-u', 'PYTHONPATH', '-u', 'PYTHONDONTWRITEBYTECODE']
const ENVIRONMENT = ['env', ...UNSET, `OPENDHT_NODE=${process.execPath}`]

let installed: string | undefined

export const python: Benchmark = {
  name: 'python',
  title: 'python: the Python package beside the C++ module',
  page: 'python.md',
  metrics: [
    { name: 'perS', label: 'Operations', unit: '1/s', better: 'higher' },
    { name: 'ms', label: 'Start, import included', unit: 'ms', better: 'lower' },
    { name: 'mb', label: 'Resident memory of all processes', unit: 'MB', better: 'lower' },
  ],
  subjects: () => [{ name: 'ours', kind: 'ours' }, CPP],
  measure,
  goals: () => [
    {
      text: 'time to a running node, ms',
      value: (it) => it.median('time to a running node', 'ms'),
      atMost: 250,
    },
  ],
}

async function measure({ kind, name }: Subject, { isQuick }: Context): Promise<Row[]> {
  if (kind === 'ours') installed ??= install()
  const interpreter = kind === 'ours' ? installed! : SYSTEM
  const options = ['--worker', '--count', `${isQuick ? 20 : COUNT}`]
  const program = new Program([...ENVIRONMENT, interpreter, PROGRAM, ...options], name)
  try {
    return await program.rows(TIMEOUT_MS)
  } finally {
    await program.stop()
  }
}

/** Builds the wheel and installs it into a new environment; returns the interpreter of that. */
function install(): string {
  const environment = join(BENCH, 'build/python')
  const interpreter = join(environment, 'bin/python')
  const wheels = mkdtempSync(join(tmpdir(), 'opendht-bench-'))
  try {
    run(process.execPath, join(ROOT, 'scripts/build-python.js'), `--out=${wheels}`)
    const wheel = readdirSync(wheels).find((file) => file.endsWith('.whl'))!
    if (existsSync(environment)) rmSync(environment, { recursive: true })
    run(SYSTEM, '-m', 'venv', environment)
    run(interpreter, '-m', 'pip', 'install', '--quiet', join(wheels, wheel))
  } finally {
    rmSync(wheels, { recursive: true })
  }
  // Once, so that the code of both languages is compiled and kept, as after the first use.
  const first = 'import opendht; opendht.PrivateKey.generateEC()'
  run(ENVIRONMENT[0]!, ...ENVIRONMENT.slice(1), interpreter, '-c', first)
  return interpreter
}

function run(command: string, ...parameters: string[]): void {
  execFileSync(command, parameters, { stdio: ['ignore', 'ignore', 'inherit'] })
}
