// SPDX-License-Identifier: MIT
// One node in a process of its own that is driven by lines, whatever it is written in: the
// protocol is at the head of bench/linenode.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, stopChild } from '../../test/support/child.ts'

const START_TIMEOUT_MS = 60_000
const STAT_TIMEOUT_MS = 10_000
const GRACE_MS = 1000
/** Of the kernel's CPU times. */
const TICK_MS = 10

/** What came of one operation; times in milliseconds. */
export interface Outcome {
  readonly isOk: boolean
  readonly doneMs: number
  /** Of a get that found something: when the first value was there. */
  readonly firstMs?: number
}

export class LineNode {
  readonly address: string
  readonly #child: ChildProcessWithoutNullStreams
  /** By id of an operation, or the word that an answer begins with. */
  readonly #waiting = new Map<string, (words: string[]) => void>()
  #operations = 0
  #isReady = false
  /** When it could take part, on the clock of `performance.now()`: from `enter` on. */
  enteredAt = Number.POSITIVE_INFINITY

  constructor(command: readonly string[], address: string, env: Record<string, string>) {
    this.address = address
    this.#child = startChild(command, { env })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line))
    // Read and thrown away, so that a talkative node does not wait for a reader.
    this.#child.stderr.resume()
  }

  /** Until its socket is bound. */
  async whenReady(): Promise<void> {
    if (this.#isReady) return
    const words = await this.#answer('ready', START_TIMEOUT_MS)
    if (words === undefined) throw new Error(`the node at ${this.address} does not start`)
  }

  /** Lets it enter the network of another node, or tells it that others are about to. */
  enter(entry: { readonly address: string; readonly port: string } | undefined): void {
    this.enteredAt = performance.now()
    if (entry !== undefined) this.#send(`enter ${entry.address} ${entry.port}`)
  }

  /** Number of good nodes in its table; 0 when it does not say. */
  async countGood(): Promise<number> {
    return (await this.stat()).good
  }

  /** Good and dubious nodes in its table; zeros when it does not say. */
  async stat(): Promise<{ good: number; dubious: number }> {
    const [, good, dubious] = (await this.#tell('stat')) ?? []
    return { good: Number(good ?? 0), dubious: Number(dubious ?? 0) }
  }

  /** What it takes for its own address. */
  async publicAddress(): Promise<string | undefined> {
    return (await this.#tell('public'))?.[1]
  }

  async put(key: string, size: number, timeoutMs: number): Promise<Outcome> {
    const words = await this.#operate('put', `${key} ${size}`, timeoutMs)
    if (words === undefined) return { isOk: false, doneMs: timeoutMs }
    return { isOk: words[2] === 'ok', doneMs: Number(words[3]) }
  }

  async get(key: string, timeoutMs: number): Promise<Outcome> {
    const words = await this.#operate('get', key, timeoutMs)
    if (words === undefined) return { isOk: false, doneMs: timeoutMs }
    const [, , count, first, done] = words
    const isOk = Number(count) > 0
    return { isOk, doneMs: Number(done), ...(isOk ? { firstMs: Number(first) } : {}) }
  }

  /** CPU time since its start, all threads and the kernel's part included. */
  get cpuMs(): number {
    return cpuMsOf(this.#child.pid!)
  }

  /** At once, as a power cut would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    const stopped = stopChild(this.#child, GRACE_MS)
    this.#child.stdin.end()
    await stopped
  }

  #tell(command: string): Promise<string[] | undefined> {
    const answer = this.#answer(command, STAT_TIMEOUT_MS)
    this.#send(command)
    return answer
  }

  #operate(command: string, rest: string, timeoutMs: number): Promise<string[] | undefined> {
    const id = `${++this.#operations}`
    const answer = this.#answer(id, timeoutMs)
    this.#send(`${command} ${id} ${rest}`)
    return answer
  }

  async #answer(name: string, timeoutMs: number): Promise<string[] | undefined> {
    const timeout = new AbortController()
    const answer = new Promise<string[]>((resolve) => this.#waiting.set(name, resolve))
    const silence = sleep(timeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)
    try {
      return await Promise.race([answer, silence])
    } finally {
      timeout.abort()
      this.#waiting.delete(name)
    }
  }

  #send(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  #onLine(line: string): void {
    const words = line.split(' ')
    const [kind = '', id = ''] = words
    if (kind === 'ready') this.#isReady = true
    this.#waiting.get(kind === 'put' || kind === 'get' ? id : kind)?.(words)
  }
}

/** CPU time of a process; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name, which may hold anything, the 12th and 13th field.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return 0
  }
}
