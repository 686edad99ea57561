// SPDX-License-Identifier: MIT
// The async iterable behind get, query and listen: a queue that an operation fills and one reader
// empties. Every loop over it is an operation of its own, which starts with the first `next` and
// is stopped by whatever ends the loop: break, a throw inside it, an abort, or the end of the
// results.
//
//   new ──next──▶ running ──end──▶ draining ──reader saw the last result──▶ closed
//   any ──return, fail──▶ closed

import { onAbort } from './on-abort.ts'
import type { ResultQueue } from './value-queue.ts'

/** The operation's side of a loop. */
export interface ResultSink {
  /** Something was put into the queue. */
  notify(): void
  /** No more results: the reader gets what is queued, then the error, if any. */
  end(error?: unknown): void
  /** Like `end`, but what is queued is dropped. */
  fail(error: unknown): void
}

/**
 * Starts an operation that fills `queue`; may throw, and may use `sink` already. Returns what
 * stops it, which is called exactly once, also after it ended by itself.
 */
export type StartStream<Q> = (queue: Q, sink: ResultSink) => () => void

/** The iterable that users get. Creating it starts nothing. */
export function resultStream<T, Q extends ResultQueue<T>>(
  createQueue: () => Q,
  start: StartStream<Q>,
  signal: AbortSignal | undefined,
): AsyncIterable<T, undefined> {
  return { [Symbol.asyncIterator]: () => new ResultStream<T, Q>(createQueue(), start, signal) }
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

class ResultStream<T, Q extends ResultQueue<T>>
  implements AsyncIterableIterator<T, undefined>, ResultSink
{
  readonly #queue: Q
  readonly #start: StartStream<Q>
  readonly #signal: AbortSignal | undefined
  #state: 'new' | 'running' | 'draining' | 'closed' = 'new'
  #stop: (() => void) | undefined
  #ignoreAbort: (() => void) | undefined
  #failure: { error: unknown } | undefined
  #readers: Reader<T>[] = []

  constructor(queue: Q, start: StartStream<Q>, signal: AbortSignal | undefined) {
    this.#queue = queue
    this.#start = start
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#state === 'new') this.#begin()
    if (this.#readers.length === 0 && this.#state !== 'closed') {
      const value = this.#queue.take()
      if (value !== undefined) return Promise.resolve({ done: false, value })
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject })
      this.notify()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#failure = undefined
    this.#close()
    return Promise.resolve({ done: true, value: undefined })
  }

  notify(): void {
    while (this.#readers.length > 0) {
      if (this.#state === 'closed') {
        this.#dismiss(this.#readers.shift()!)
        continue
      }
      const value = this.#queue.take()
      if (value !== undefined) this.#readers.shift()!.resolve({ done: false, value })
      else if (this.#state === 'draining') this.#close()
      else return
    }
  }

  end(error?: unknown): void {
    if (this.#state !== 'running') return
    if (error !== undefined) this.#failure = { error }
    this.#state = 'draining'
    this.#stopOnce()
    this.notify()
  }

  fail(error: unknown): void {
    if (this.#state === 'closed') return
    this.#failure = { error }
    this.#close()
  }

  #begin(): void {
    this.#state = 'running'
    try {
      this.#signal?.throwIfAborted()
      this.#ignoreAbort = onAbort(this.#signal, () => this.fail(this.#signal?.reason))
      this.#stop = this.#start(this.#queue, this)
      // The operation may have ended while it was started.
      if ((this.#state as string) !== 'running') this.#stopOnce()
    } catch (error) {
      this.fail(error)
    }
  }

  #close(): void {
    this.#state = 'closed'
    this.#ignoreAbort?.()
    this.#queue.clear()
    this.#stopOnce()
    this.notify()
  }

  /** Behind the last result there is the error, once, and then only the end. */
  #dismiss(reader: Reader<T>): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(failure.error)
  }

  #stopOnce(): void {
    const stop = this.#stop
    this.#stop = undefined
    stop?.()
  }
}
