// SPDX-License-Identifier: MIT
// The load generator: builds it where it is missing, and puts a node under load.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Row, Subject } from './benchmark.ts'
import { BENCH, type Context } from './context.ts'
import { type DriverOptions, Program, startDriver } from './program.ts'

const SOURCE = join(BENCH, 'cpp/udpload.c')
const PROGRAM = join(BENCH, 'build/udpload')
const START_TIMEOUT_MS = 15_000

export interface Load {
  readonly kind: 'ping' | 'find' | 'get' | 'put' | 'listen'
  readonly seconds: number
  /** Requests in flight. */
  readonly outstanding: number
  /** Those of udpload. */
  readonly options?: DriverOptions
}

/** One node of a subject, alone on its processor. */
export class ServedNode {
  readonly #program: Program
  readonly #port: number
  readonly #context: Context

  private constructor(program: Program, port: number, context: Context) {
    this.#program = program
    this.#port = port
    this.#context = context
  }

  static async start(subject: Subject, context: Context, options: DriverOptions = {}) {
    buildLoadGenerator()
    const { server } = context.processors
    const program = startDriver(subject, 'serve-node', options, context, server)
    const { port } = await program.expect(START_TIMEOUT_MS)
    return new ServedNode(program, Number(port), context)
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    return this.#program.pid
  }

  /** Of ours only: asks for a line by a command, see ours/serve-node.ts. */
  ask(command: string): Promise<Row> {
    this.#program.send(command)
    return this.#program.expect(START_TIMEOUT_MS)
  }

  async load({ kind, seconds, outstanding, options = {} }: Load): Promise<Row> {
    const all = { pid: this.pid, ...options }
    const args = Object.entries(all).map(([name, value]) => `${name}=${value}`)
    const command = [PROGRAM, '127.0.0.1', `${this.#port}`, `${seconds}`, kind, `${outstanding}`]
    const program = new Program([...command, ...args], 'udpload', this.#context.processors.load)
    try {
      return await program.expect((seconds + 30) * 1000)
    } finally {
      await program.stop()
    }
  }

  stop(): Promise<void> {
    return this.#program.stop()
  }
}

export function buildLoadGenerator(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs >= statSync(SOURCE).mtimeMs) return
  mkdirSync(dirname(PROGRAM), { recursive: true })
  execFileSync('cc', ['-O2', '-o', PROGRAM, SOURCE])
}
