// SPDX-License-Identifier: MIT
// Drives a `dhtnode` program through its prompt: the C++ one, or ours, which takes the same options
// and commands. Reads what it prints; see the methods for the forms that are understood.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { type ChildOptions, startChild, stopChild } from './child.ts'
import { Watch } from './watch.ts'

const PORTS = /(?:port (\d+)|IPv4 port (\d+), IPv6 port (\d+))/.source
/** With the line behind it, which is that of the key if there is one. */
const BANNER = new RegExp(
  `OpenDHT node ([0-9a-f]{40}) running on ${PORTS}\\n(?:Public key ID ([0-9a-f]{40})|.*)\\n`,
)
const DEFAULT_TIMEOUT_MS = 30_000
const CLOSE_GRACE_MS = 3000

export interface DhtnodeOptions extends ChildOptions {
  /** The program and what precedes the options; `['dhtnode']`, the C++ one, by default. */
  readonly command?: readonly string[]
  /** Options, e.g. `['-n', '77', '-U']`. */
  readonly args?: readonly string[]
  /** False when it has no prompt (`-s`, `--version`): then nothing is awaited at start. */
  readonly prompt?: boolean
  readonly startTimeoutMs?: number
}

export interface DhtnodePut {
  readonly ok: boolean
  /** Hex as printed; null for the commands that do not print it (`s`, `e`). */
  readonly id: string | null
}

export interface DhtnodeResults {
  readonly ok: boolean
  /** One `Value[…]`, or for a query one `Index[…]`, per result. */
  readonly lines: readonly string[]
}

/** A running dhtnode. The system library echoes what is typed, so `stdout` holds that as well. */
export class DhtnodeProcess {
  stdout = ''
  stderr = ''
  nodeId = ''
  /** Of its identity; empty without one. */
  keyId = ''
  port = 0
  /** Differs from `port` only when the system had the same number taken for IPv6. */
  port6 = 0
  readonly #child: ChildProcessWithoutNullStreams
  readonly #watch = new Watch()
  readonly #exit: Promise<number | null>

  private constructor(options: DhtnodeOptions) {
    const command = [...(options.command ?? ['dhtnode']), ...(options.args ?? [])]
    this.#child = startChild(command, options)
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#watch.notify()
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#child.once('error', (error) => this.#watch.fail(error))
    this.#exit = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#watch.fail(new Error(`dhtnode ended (${code}): ${this.#describe()}`))
        resolve(code)
      })
    })
  }

  static async start(options: DhtnodeOptions = {}): Promise<DhtnodeProcess> {
    const node = new DhtnodeProcess(options)
    if (options.prompt === false) return node
    try {
      const banner = await node.waitForOutput(BANNER, options.startTimeoutMs)
      node.nodeId = banner[1]!
      node.port = Number(banner[2] ?? banner[3])
      node.port6 = Number(banner[2] ?? banner[4])
      node.keyId = banner[5] ?? ''
      return node
    } catch (error) {
      await node.close()
      throw error
    }
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Exit status, null after a signal. */
  get exited(): Promise<number | null> {
    return this.#exit
  }

  /** Types one line. */
  send(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Presses keys, and waits for what they show. */
  press(keys: string, pattern: RegExp): Promise<RegExpExecArray> {
    const from = this.mark()
    this.#child.stdin.write(keys)
    return this.waitForOutput(pattern, DEFAULT_TIMEOUT_MS, from)
  }

  /** Where the output ends now: pass it as `from` to look only at what comes later. */
  mark(): number {
    return this.stdout.length
  }

  /** The first match in the output, past or future, beginning at `from`. */
  waitForOutput(
    pattern: RegExp,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    from = 0,
  ): Promise<RegExpExecArray> {
    return this.#watch.until(
      () => pattern.exec(this.stdout.slice(from)) ?? undefined,
      timeoutMs,
      () => `${pattern} in ${this.#describe()}`,
    )
  }

  /** Types a line and waits for what it prints. */
  ask(line: string, pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    const from = this.mark()
    this.send(line)
    return this.waitForOutput(pattern, timeoutMs, from)
  }

  /** Puts a word (no spaces); as permanent value if wanted. */
  async put(key: string, word: string, permanent = false): Promise<DhtnodePut> {
    const pattern = /Put: (success|failure), took .*Value ID: ([0-9a-f]+)/
    const [, result, id] = await this.ask(`${permanent ? 'pp' : 'p'} ${key} ${word}`, pattern)
    return { ok: result === 'success', id: id! }
  }

  /** Needs `-i`. The certificate of the key has to be found by the others first. */
  async putSigned(key: string, word: string): Promise<DhtnodePut> {
    const [, result] = await this.ask(`s ${key} ${word}`, /Put signed: (success|failure) \(took/)
    return { ok: result === 'success', id: null }
  }

  /** Needs `-i`, and a recipient whose certificate can be found. */
  async putEncrypted(key: string, recipient: string, word: string): Promise<DhtnodePut> {
    const pattern = /Put encrypted: (success|failure) \(took/
    const [, result] = await this.ask(`e ${key} ${recipient} ${word}`, pattern)
    return { ok: result === 'success', id: null }
  }

  /** `id` in hex. */
  cancelPut(key: string, id: string): void {
    this.send(`cpp ${key} ${id}`)
  }

  get(key: string, where = ''): Promise<DhtnodeResults> {
    return this.#results(`g ${key} ${where}`, /Get: (completed|failure), took/, /^\t(Value\[.*)$/gm)
  }

  /** `text` such as `SELECT id WHERE value_type=0`. */
  query(key: string, text: string): Promise<DhtnodeResults> {
    const end = /Query: (completed|failure), took/
    return this.#results(`q ${key} ${text}`, end, /^\t(Index\[.*)$/gm)
  }

  /** Follow the values with `waitForOutput`; returns the token for `cl`. */
  async listen(key: string, where = ''): Promise<number> {
    const answer = await this.ask(`l ${key} ${where}`, /Listening, token: (\d+)/)
    return Number(answer[1])
  }

  /** Known IPv4 and IPv6 nodes by `ll`. */
  async stats(): Promise<{ ipv4: { good: number }; ipv6: { good: number } }> {
    const pattern =
      /IPv4 stats:\s+Known nodes: (\d+) good[\s\S]*?IPv6 stats:\s+Known nodes: (\d+) good/
    const [, good4, good6] = await this.ask('ll', pattern)
    return { ipv4: { good: Number(good4) }, ipv6: { good: Number(good6) } }
  }

  /** Ends it with `x`, or by force when that takes too long. */
  async close(): Promise<void> {
    this.#watch.fail(new Error('dhtnode closed'))
    this.send('x')
    this.#child.stdin.end()
    await stopChild(this.#child, CLOSE_GRACE_MS)
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await stopChild(this.#child, CLOSE_GRACE_MS)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #results(line: string, end: RegExp, result: RegExp): Promise<DhtnodeResults> {
    const from = this.mark()
    const last = await this.ask(line, end)
    const output = this.stdout.slice(from, from + last.index)
    const lines = Array.from(output.matchAll(result), (match) => match[1]!)
    return { ok: last[1] === 'completed', lines }
  }

  #describe(): string {
    return `${this.stdout.slice(-2000)}\n${this.stderr.slice(-2000)}`
  }
}
