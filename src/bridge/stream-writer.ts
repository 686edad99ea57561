// SPDX-License-Identifier: MIT
// The items of one stream on their way out: those of one turn of the event loop travel together,
// and none beyond the credit that the reader has granted.

import type { MsgpackValue } from '../discovery/msgpack-value.ts'

export interface StreamWriterOptions {
  /** Items that may be sent before the reader grants more. */
  readonly credit: number
  readonly send: (items: MsgpackValue[]) => void
  /** Ends all waiting. */
  readonly signal: AbortSignal
}

/** More do not travel together, so that no frame gets too long. */
const MAX_BATCH = 64

export class StreamWriter {
  readonly #send: (items: MsgpackValue[]) => void
  readonly #signal: AbortSignal
  #credit: number
  #batch: MsgpackValue[] = []
  #resume: (() => void) | undefined

  constructor({ credit, send, signal }: StreamWriterOptions) {
    this.#credit = credit
    this.#send = send
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /** For one writer, that waits for it before the next item. Throws the reason of the signal. */
  async emit(item: MsgpackValue): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.#batch.length === 0) setImmediate(() => this.flush())
    this.#batch.push(item)
    this.#credit--
    if (this.#batch.length === MAX_BATCH) this.flush()
    if (this.#credit > 0) return
    await new Promise<void>((resolve) => {
      this.#resume = resolve
    })
    this.#signal.throwIfAborted()
  }

  addCredit(count: number): void {
    this.#credit += count
    if (this.#credit > 0) this.#wake()
  }

  flush(): void {
    const items = this.#batch
    if (items.length === 0) return
    this.#batch = []
    this.#send(items)
  }

  #wake(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}
