// SPDX-License-Identifier: MIT
// One place in the network, with a dhtnode in it, ours or the C++ one, that is killed, started
// again, stopped for a while, and whose clock is set. What it heard and stored is in its words.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DHTNODE } from '../../support/cli-kit.ts'
import { DhtnodeProcess } from '../../support/dhtnode-process.ts'
import { compileC } from '../compile.ts'
import type { ChaosHost } from './chaos-network.ts'

const PORT = 4222
const CLOCK = join(import.meta.dirname, 'step_clock.c')
const START_MS = 60_000

export interface MemberOptions {
  readonly name: string
  readonly isOurs: boolean
  readonly place: ChaosHost
  readonly network: number
  /** For its files. */
  readonly folder: string
}

export class Member {
  readonly name: string
  readonly isOurs: boolean
  readonly place: ChaosHost
  readonly #options: MemberOptions
  #node: DhtnodeProcess | undefined
  #isStopped = false
  /** Times that it ended without having been told to. */
  readonly deaths: string[] = []
  /** What its former processes said. */
  #said = ''

  constructor(options: MemberOptions) {
    this.#options = options
    this.name = options.name
    this.isOurs = options.isOurs
    this.place = options.place
    this.setClock(0)
  }

  get isRunning(): boolean {
    return this.#node !== undefined
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  get node(): DhtnodeProcess {
    if (this.#node === undefined) throw new Error(`${this.name} does not run`)
    return this.#node
  }

  /** Everything it printed, in this life and earlier ones. */
  get output(): string {
    return this.#said + (this.#node?.stdout ?? '')
  }

  /** Resident memory in bytes. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#node?.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
  }

  /** With `bootstrap`, the address of another member. */
  async start(bootstrap: string | undefined): Promise<void> {
    const { isOurs, network, folder, name, place } = this.#options
    const command = isOurs ? [DHTNODE[0]!, '--no-warnings', ...DHTNODE.slice(1)] : ['dhtnode']
    const args = ['-n', `${network}`, '-p', `${PORT}`]
    if (bootstrap !== undefined) args.push('-b', `${bootstrap}:${PORT}`)
    if (isOurs) args.push('--persist', join(folder, name))
    const env = {
      LD_PRELOAD: compileC(CLOCK, ['-shared', '-fPIC', '-ldl']),
      CLOCK_STEP_FILE: this.#clockFile,
    }
    const { prefix } = place.host
    const startTimeoutMs = START_MS
    const started = DhtnodeProcess.start({ command, args, prefix, env, startTimeoutMs })
    const node = await started.catch((error: Error) => {
      const clock = `its clock was off by ${this.#clockMs / 1000} s`
      this.deaths.push(`${name} did not start, ${clock}: ${error.message}`)
    })
    if (!node) return
    this.#node = node
    void node.exited.then((code) => {
      if (this.#node !== node) return
      this.deaths.push(`${this.name} ended by itself (${code}): ${node.stderr.slice(-500)}`)
      this.#forget()
    })
  }

  async kill(): Promise<void> {
    const node = this.#node
    this.#forget()
    await node?.kill()
  }

  /** Until `resume`. */
  stop(): void {
    this.#isStopped = true
    process.kill(this.node.pid!, 'SIGSTOP')
  }

  resume(): void {
    if (this.#isStopped && this.#node !== undefined) process.kill(this.#node.pid!, 'SIGCONT')
    this.#isStopped = false
  }

  /** How far its wall clock is off. */
  setClock(offsetMs: number): void {
    this.#clockMs = offsetMs
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(offsetMs))
    writeFileSync(this.#clockFile, bytes, { flag: this.#clockFlag })
    this.#clockFlag = 'r+'
  }

  #clockFlag = 'w'
  #clockMs = 0

  get #clockFile(): string {
    return join(this.#options.folder, `${this.#options.name}.clock`)
  }

  #forget(): void {
    this.#said += this.#node?.stdout ?? ''
    this.#node = undefined
    this.#isStopped = false
  }
}
