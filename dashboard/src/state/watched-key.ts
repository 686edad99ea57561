// SPDX-License-Identifier: MIT
// The values under one key, followed for as long as it is shown. Changes are taken as they come and
// shown together some times a second, so that thousands of them do not hold up the page.

import { signal } from '@preact/signals'
import type { ValueJson } from '../data/shown-value.ts'
import {
  LONG_TIMEOUT_MS,
  linesOf,
  pause,
  pauseBefore,
  RequestError,
  request,
  requestJson,
  within,
} from './server.ts'
import { hiding, untilVisible } from './visibility.ts'

export interface ValueRow {
  readonly json: ValueJson
  /** When this content came, on the clock of the page, and what number it has in the order. */
  readonly at: number
  readonly number: number
}

export type ChangeKind = 'known' | 'new' | 'changed' | 'expired'

export interface Change {
  readonly kind: ChangeKind
  readonly json: ValueJson
  readonly at: number
  readonly number: number
}

export type WatchState = 'connecting' | 'loading' | 'live' | 'lost'

/** `cursor` is missing where the server cannot resume. */
interface StreamLine extends Partial<ValueJson> {
  readonly cursor?: string
  readonly reset?: true
  readonly sync?: true
}

const MAX_HISTORY = 1000
/** What comes meanwhile is shown together. */
const SHOW_MS = 60
/** Values beyond are counted, not kept. */
const MAX_VALUES = 50_000
/** The server says something every 30 seconds. */
const SILENCE_MS = 40_000
const FIRST_PAUSE_MS = 300
const MAX_PAUSE_MS = 10_000

export class WatchedKey {
  readonly #hash: string
  readonly state = signal<WatchState>('connecting')
  readonly error = signal('')
  /** Grows when there is something new to show, some times a second. */
  readonly version = signal(0)
  readonly rows = new Map<string, ValueRow>()
  readonly changes: Change[] = []
  ignored = 0
  readonly #stop = new AbortController()
  #cursor: string | undefined
  /** Since a reset: what came again. */
  #confirmed: Set<string> | undefined
  #isSynced = false
  #numbers = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Keys travel as hashes: a text such as `..` would be taken for a part of the address. */
  constructor(hash: string) {
    this.#hash = hash
  }

  start(): void {
    void this.#keepOpen()
  }

  close(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#stop
    let pauseMs = FIRST_PAUSE_MS
    let failure: unknown
    while (true) {
      await untilVisible(signal)
      if (signal.aborted) return
      const hidden = hiding()
      try {
        await this.#read(hidden.signal, () => {
          pauseMs = FIRST_PAUSE_MS
        })
        this.#lose('The stream ended')
        failure = undefined
      } catch (error) {
        if (hidden.signal.aborted) continue
        failure = error
        this.#lose(error instanceof Error ? error.message : String(error))
      } finally {
        hidden.end()
      }
      await pause(pauseBefore(pauseMs, failure), signal)
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
    }
  }

  #lose(why: string): void {
    if (this.#stop.signal.aborted) return
    this.state.value = 'lost'
    this.error.value = why
  }

  async #read(hidden: AbortSignal, onOpen: () => void): Promise<void> {
    const silence = new AbortController()
    const startTimer = () => setTimeout(() => silence.abort(), SILENCE_MS)
    let timer = startTimer()
    const path = `key/${this.#hash}/listen?resume`
    const cursor = this.#cursor === undefined ? '' : `=${encodeURIComponent(this.#cursor)}`
    try {
      const response = await request(`${path}${cursor}`, {
        signal: AbortSignal.any([this.#stop.signal, hidden, silence.signal]),
      })
      onOpen()
      this.state.value = this.#isSynced ? 'live' : 'loading'
      this.error.value = ''
      const heard = (): void => {
        clearTimeout(timer)
        timer = startTimer()
      }
      for await (const lines of linesOf(response, heard)) {
        for (const line of lines) if (line !== '') this.#take(JSON.parse(line) as StreamLine)
      }
    } catch (error) {
      if (silence.signal.aborted) throw new RequestError(0, 'The proxy says nothing any more')
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #take({ cursor, reset, sync, ...json }: StreamLine): void {
    this.#cursor = cursor ?? this.#cursor
    if (reset === true) this.#confirmed = new Set()
    if (json.id !== undefined) this.#takeValue(json as ValueJson)
    if (sync !== true) return
    for (const id of this.#confirmed === undefined ? [] : this.rows.keys()) {
      if (!this.#confirmed!.has(id)) this.#remove(this.rows.get(id)!.json)
    }
    this.#confirmed = undefined
    this.#isSynced = true
    this.state.value = 'live'
    this.#show()
  }

  #takeValue(json: ValueJson): void {
    if (json.expired === true) return this.#remove(json)
    this.#confirmed?.add(json.id)
    const old = this.rows.get(json.id)
    if (old !== undefined && sameContent(old.json, json)) return
    if (old === undefined && this.rows.size >= MAX_VALUES) {
      this.ignored++
      return this.#show()
    }
    // A changed value moves to the end, which is shown first.
    this.rows.delete(json.id)
    const row = { json, at: Date.now(), number: this.#numbers++ }
    this.rows.set(json.id, row)
    const kind = old !== undefined ? 'changed' : this.#isSynced ? 'new' : 'known'
    this.#note({ kind, ...row })
  }

  #remove(json: ValueJson): void {
    if (!this.rows.delete(json.id)) return
    this.#note({ kind: 'expired', json, at: Date.now(), number: this.#numbers++ })
  }

  #note(change: Change): void {
    this.changes.push(change)
    if (this.changes.length > 2 * MAX_HISTORY) this.changes.splice(0, MAX_HISTORY)
    this.#show()
  }

  #show(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.version.value++
    }, SHOW_MS)
  }
}

/** All values that the network has now, in one go. */
export async function getOnce(hash: string, stop: AbortSignal): Promise<ValueJson[]> {
  return within(LONG_TIMEOUT_MS, stop, async (signal) => {
    const response = await request(`key/${hash}`, { signal })
    const values: ValueJson[] = []
    for await (const lines of linesOf(response)) {
      for (const line of lines) if (line !== '') values.push(JSON.parse(line) as ValueJson)
    }
    return values
  })
}

/** Resolves to the value as it was stored. */
export function put(hash: string, body: string, isSigned: boolean): Promise<ValueJson> {
  const path = `key/${hash}${isSigned ? '/sign' : ''}`
  return requestJson<ValueJson>(path, { method: 'POST', body })
}

function sameContent(a: ValueJson, b: ValueJson): boolean {
  return (
    a.data === b.data &&
    a.cypher === b.cypher &&
    a.seq === b.seq &&
    a.owner === b.owner &&
    a.sig === b.sig &&
    a.type === b.type &&
    a.utype === b.utype
  )
}
