// SPDX-License-Identifier: MIT
// What the commands of one REPL share: the node, the output, the log, and what still runs.

import type { InfoHash } from '../core/id/info-hash.ts'
import { explainFailure } from './commands/failure.ts'
import { type JsonRecord, toJson } from './format/json.ts'
import type { Logger } from './logger.ts'
import type { NodeView, StorageLimits } from './node-view.ts'
import { NO_PROXIES, type ProxyView } from './proxies/proxy-view.ts'
import type { Output } from './screen.ts'
import { FAILED_STATUS, USAGE_STATUS } from './tool.ts'

export interface SessionParts {
  readonly node: NodeView
  readonly out: Output
  readonly log: Logger
  readonly limits: StorageLimits
  /** Default: none, and none can be started. */
  readonly proxies?: ProxyView
  /** Ends the session at once; a signal may do so, too. */
  readonly stop: AbortController
  /** Results as JSON. */
  readonly json?: boolean
}

const MAX_KEY_WORDS = 100

export class Session {
  readonly node: NodeView
  readonly out: Output
  readonly log: Logger
  readonly limits: StorageLimits
  readonly proxies: ProxyView
  readonly #listens = new Map<number, { readonly key: InfoHash; readonly stop: AbortController }>()
  readonly #running = new Set<Promise<void>>()
  readonly #isJson: boolean
  /** Words that were used as keys, latest last: for completion. */
  readonly #keyWords = new Set<string>()
  readonly #stop: AbortController
  readonly #stopped: Promise<void>
  #lastToken = 0
  #isLeaving = false
  #hasFailed = false
  #hasMistake = false

  constructor({ node, out, log, limits, proxies, stop, json = false }: SessionParts) {
    this.node = node
    this.out = out
    this.log = log
    this.limits = limits
    this.proxies = proxies ?? NO_PROXIES
    this.#isJson = json
    this.#stop = stop
    this.#stopped = new Promise((resolve) => {
      this.ended.addEventListener('abort', () => resolve(), { once: true })
      if (this.ended.aborted) resolve()
    })
  }

  /** Fires when the session is to end at once. */
  get ended(): AbortSignal {
    return this.#stop.signal
  }

  /** Ends the session at once, whatever still runs. */
  end(): void {
    this.#stop.abort()
  }

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** A get, query, put or listen failed: scripts learn it from the exit status. */
  noteFailure(): void {
    this.#hasFailed = true
  }

  /** A command was none, or had wrong arguments: the script itself is to be mended. */
  noteMistake(): void {
    this.#hasMistake = true
  }

  /** With which a script ends: a mistake in it explains what failed later, so it goes first. */
  get status(): number {
    if (this.#hasMistake) return USAGE_STATUS
    return this.#hasFailed ? FAILED_STATUS : 0
  }

  /** A result: `text` for people, or `record` with --json. */
  report(text: string, record: JsonRecord): void {
    this.out.line(this.#isJson ? toJson(record) : text)
  }

  /** What only people need to be told. */
  note(text: string): void {
    if (!this.#isJson) this.out.line(text)
  }

  /** What is wrong with a command that is none: among the results, unless these are JSON. */
  refuse(text: string): void {
    this.noteMistake()
    if (this.#isJson) this.out.error(text)
    else this.out.line(text)
  }

  get keyWords(): readonly string[] {
    return [...this.#keyWords]
  }

  rememberKey(word: string): void {
    this.#keyWords.delete(word)
    this.#keyWords.add(word)
    const [oldest] = this.#keyWords
    if (this.#keyWords.size > MAX_KEY_WORDS && oldest !== undefined) this.#keyWords.delete(oldest)
  }

  /** What is wrong with the arguments of a command, or its moment. */
  complain(text: string): void {
    this.noteMistake()
    this.out.error(text)
  }

  /** No more commands. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Gets, queries and puts that have not ended yet. */
  get running(): number {
    return this.#running.size
  }

  /** Remembers an operation until it ends. */
  track(operation: Promise<void>): void {
    const tracked = operation
      .catch((error: unknown) => {
        this.noteFailure()
        this.out.error(explainFailure(error))
      })
      .finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }

  /** Until fewer than `limit` operations run, or the session ends. */
  async waitForSlot(limit: number): Promise<void> {
    while (this.#running.size >= limit && !this.ended.aborted) {
      await Promise.race([...this.#running, this.#stopped])
    }
  }

  /** Until no operation runs, the session ends, or the time is over: then they have failed. */
  async waitForOperations(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.waitForSlot(1), timeout])
    clearTimeout(timer)
    const left = this.ended.aborted ? 0 : this.running
    if (left === 0) return
    this.noteFailure()
    this.out.error(`${left === 1 ? 'One command' : `${left} commands`} did not end in time`)
  }

  /** A number for a new listen, and the signal that ends it. */
  addListen(key: InfoHash): { readonly token: number; readonly signal: AbortSignal } {
    const token = ++this.#lastToken
    const stop = new AbortController()
    this.#listens.set(token, { key, stop })
    return { token, signal: stop.signal }
  }

  /** Ends a listen; false when there is none with this number on this key. */
  removeListen(key: InfoHash, token: number): boolean {
    const listen = this.#listens.get(token)
    if (listen === undefined || !listen.key.equals(key)) return false
    this.#listens.delete(token)
    listen.stop.abort()
    return true
  }
}
