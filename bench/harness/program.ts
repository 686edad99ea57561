// SPDX-License-Identifier: MIT
// Runs drivers: processes that print one JSON object per line. Pinned to a processor where the
// system can; ended by their id when their time is over or when the benchmark ends.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { startChild, stopChild } from '../../test/support/child.ts'
import type { Row, Subject } from './benchmark.ts'
import { BENCH, type Context, cppProgram } from './context.ts'

const TASKSET = '/usr/bin/taskset'
const GRACE_MS = 1000
const STDERR_KEPT = 4000

export type DriverOptions = Readonly<Record<string, string | number | undefined>>

export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #reader: AsyncIterator<string>
  readonly #name: string
  #errors = ''

  constructor(command: readonly string[], name: string, processor?: number) {
    const isPinned = processor !== undefined && existsSync(TASKSET)
    this.#child = startChild(isPinned ? [TASKSET, '-c', `${processor}`, ...command] : command)
    this.#name = name
    this.#lines = createInterface({ input: this.#child.stdout })
    this.#reader = this.#lines[Symbol.asyncIterator]()
    this.#child.stderr.on('data', (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-STDERR_KEPT)
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The next line, undefined at the end of the output. Rejects when it takes too long. */
  async next(timeoutMs: number): Promise<Row | undefined> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    const { done, value } = await this.#reader.next()
    clearTimeout(timer)
    if (done !== true) return JSON.parse(value) as Row
    await this.#ended()
    return undefined
  }

  /** The next line, which has to be there. */
  async expect(timeoutMs: number): Promise<Row> {
    const row = await this.next(timeoutMs)
    if (row === undefined) throw new Error(`${this.#name} ended early\n${this.#errors}`)
    return row
  }

  /** Everything until the end of the output. */
  async rows(timeoutMs: number): Promise<Row[]> {
    const rows: Row[] = []
    const end = performance.now() + timeoutMs
    for (;;) {
      const row = await this.next(end - performance.now())
      if (row === undefined) return rows
      rows.push(row)
    }
  }

  send(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Ends it by closing its input, else by force. */
  async stop(): Promise<void> {
    const stopped = stopChild(this.#child, GRACE_MS)
    this.#child.stdin.end()
    await stopped
    this.#lines.close()
  }

  async #ended(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) {
      await new Promise((resolve) => this.#child.once('exit', resolve))
    }
    const end = this.#child.signalCode ?? this.#child.exitCode
    if (end !== 0) throw new Error(`${this.#name} ended with ${end}\n${this.#errors}`)
  }
}

/** Starts the driver `name` of a subject: ours/NAME.ts or .js, or the C++ program of that name. */
export function startDriver(
  subject: Subject,
  name: string,
  options: DriverOptions,
  context: Context,
  processor?: number,
): Program {
  const command = subject.kind === 'cpp' ? [cppProgram(name.replaceAll('-', '_'))] : []
  if (subject.kind === 'ours') command.push(...ourCommand(`ours/${name}`, context))
  if (subject.kind === 'peer') command.push(...nodeCommand(), join(BENCH, `peers/${name}.ts`))
  const all = { ...options, transport: subject.transport, source: context.usesSources ? 1 : 0 }
  const args = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  )
  return new Program([...command, ...args], `${name} of ${subject.name}`, processor)
}

/** Runs a driver to its end. */
export async function runDriver(
  subject: Subject,
  name: string,
  options: DriverOptions,
  context: Context,
  settings: { timeoutMs: number; processor?: number },
): Promise<Row[]> {
  const program = startDriver(subject, name, options, context, settings.processor)
  try {
    return await program.rows(settings.timeoutMs)
  } finally {
    await program.stop()
  }
}

function ourCommand(name: string, { profileDirectory }: Context): string[] {
  const path = existsSync(join(BENCH, `${name}.js`)) ? `${name}.js` : `${name}.ts`
  const profile =
    profileDirectory === undefined
      ? []
      : ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', profileDirectory]
  return [...nodeCommand(), ...profile, join(BENCH, path)]
}

function nodeCommand(): string[] {
  return [process.execPath, '--expose-gc', '--no-warnings']
}
