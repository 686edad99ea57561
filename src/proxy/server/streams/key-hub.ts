// SPDX-License-Identifier: MIT
// One listen for all streams of a key, and what is known of its values: the last state of each, in
// the order of the changes, which are numbered. A stream is a position in that order, so a slow one
// costs nothing but its connection, and a broken one is resumed by its number. Values that are gone
// are remembered for a while, for those who have not heard of it.

import { randomBytes } from 'node:crypto'
import type { DhtInterface } from '../../../api/dht-interface.ts'
import { DhtError } from '../../../core/errors.ts'
import type { InfoHash } from '../../../core/id/info-hash.ts'
import type { Value, ValueId } from '../../../core/value/value.ts'
import { valueToJson } from '../../protocol/value-json.ts'

/** A stream, for its hub. */
export interface HubReader {
  /** There are changes, or all values that were there at the beginning are known now. */
  wake(): void
  /** The listen ended: there will be nothing more. */
  end(): void
}

export class KeyState {
  readonly value: Value
  readonly isGone: boolean
  /** Number of this change. */
  readonly seq: number
  /** Number of the first change of this value that is remembered: who is older never saw it. */
  readonly firstSeq: number
  #json: string | undefined

  constructor(value: Value, isGone: boolean, seq: number, firstSeq: number) {
    this.value = value
    this.isGone = isGone
    this.seq = seq
    this.firstSeq = firstSeq
  }

  /** For all streams the same. */
  get json(): string {
    this.#json ??= valueToJson(this.value, { expired: this.isGone })
    return this.#json
  }
}

export class KeyHub {
  readonly key: InfoHash
  /** What its numbers belong to. */
  readonly epoch = randomBytes(6).toString('hex')
  readonly #node: DhtInterface
  readonly #stop = new AbortController()
  readonly #readers = new Set<HubReader>()
  /** In the order of their last change. */
  readonly #states = new Map<ValueId, KeyState>()
  /** Values that are gone, oldest first; some may have come back. */
  readonly #gone: KeyState[] = []
  #latest: KeyState | undefined
  #seq = 0
  #forgottenSeq = 0
  #begun: Promise<void> | undefined
  #settling: Promise<void> | undefined
  #isSettled = false

  constructor(node: DhtInterface, key: InfoHash) {
    this.#node = node
    this.key = key
  }

  /** Number of the last change. */
  get seq(): number {
    return this.#seq
  }

  get readers(): ReadonlySet<HubReader> {
    return this.#readers
  }

  /** Whether all values were heard of that existed when the hub began. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Until the node took the listen. Rejects as the listen does when the node refuses it. */
  get begun(): Promise<void> | undefined {
    return this.#begun
  }

  /** Runs until it is stopped, or the node ends the listen. `onEnd` is called once. */
  start(onEnd: (error: unknown) => void): void {
    this.#begun = new Promise((resolve, reject) => {
      // The node refuses at once.
      setImmediate(() => {
        this.#begun = undefined
        resolve()
      })
      this.#listen().then(
        () => {
          reject(new DhtError('ERR_DHT_CLOSED', 'The node ended the listen'))
          onEnd(undefined)
        },
        (error: unknown) => {
          reject(error)
          onEnd(error)
        },
      )
    })
    // Whoever waits for it hears of it.
    this.#begun.catch(() => undefined)
  }

  join(reader: HubReader): void {
    this.#readers.add(reader)
  }

  leave(reader: HubReader): void {
    this.#readers.delete(reader)
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Number of the last change that was forgotten: the end of a value that is gone for long. */
  get forgottenSeq(): number {
    return this.#forgottenSeq
  }

  /**
   * Whether all that changed since then is still known. A stream that began without any values,
   * when `forgotten` was the last change to be forgotten, never saw what went until then.
   */
  knowsSince(seq: number, forgotten = 0): boolean {
    return this.#forgottenSeq <= Math.max(seq, forgotten) && seq <= this.#seq
  }

  /** The last state of each value that changed since then, oldest first. */
  *since(seq: number): Iterable<KeyState> {
    if (seq >= this.#seq) return
    // Nearly all streams are here, whatever else there is under the key.
    const states = seq === this.#seq - 1 ? [this.#latest!] : this.#states.values()
    for (const state of states) {
      if (state.seq <= seq) continue
      if (!state.isGone || state.firstSeq <= seq) yield state
    }
  }

  /** Finds out when all values are known; `isSettled` says so, and readers are woken. */
  settle(): void {
    this.#settling ??= this.#settleWithPatience()
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop
    try {
      const changes = this.#node.listen(this.key, { signal, forwardEncrypted: true })
      for await (const { value, expired } of changes) this.#change(value, expired)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #change(value: Value, isGone: boolean): void {
    const earlier = this.#states.get(value.id)
    const seq = ++this.#seq
    const state = new KeyState(value, isGone, seq, earlier?.firstSeq ?? seq)
    this.#latest = state
    // Taken out first, so that it comes to stand at the end.
    this.#states.delete(value.id)
    this.#states.set(value.id, state)
    if (isGone) this.#remember(state)
    for (const reader of this.#readers) reader.wake()
  }

  #remember(state: KeyState): void {
    this.#gone.push(state)
    if (this.#gone.length <= MAX_GONE) return
    const oldest = this.#gone.shift()!
    if (this.#states.get(oldest.value.id) !== oldest) return
    this.#states.delete(oldest.value.id)
    this.#forgottenSeq = oldest.seq
  }

  /** A listen has no moment of being complete, but a get has an end. */
  async #settleWithPatience(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const ids: ValueId[] = []
        const found = this.#node.get(this.key, { signal, forwardEncrypted: true })
        for await (const { id } of found) ids.push(id)
        await this.#whenHeardOf(ids)
        this.#isSettled = true
        for (const reader of this.#readers) reader.wake()
        return
      } catch {
        // No node could be asked, so nobody knows what there is: again, until one can.
        await pause(RETRY_MS, signal)
      }
    }
  }

  /** The listen hears of the same values, perhaps a moment later. */
  async #whenHeardOf(ids: readonly ValueId[]): Promise<void> {
    const steps = PATIENCE_MS / STEP_MS
    for (let step = 0; step < steps && !ids.every((id) => this.#states.has(id)); step++) {
      await pause(STEP_MS, this.#stop.signal)
    }
  }
}

/** Resolves at the latest when aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

/** Values that are gone and still remembered, by key. */
const MAX_GONE = 1024
const RETRY_MS = 5000
const PATIENCE_MS = 2000
const STEP_MS = 50
