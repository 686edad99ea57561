// SPDX-License-Identifier: MIT
// How far a long piece of work is: one line on a terminal that is overwritten, nothing elsewhere.

import { clearLine, cursorTo } from 'node:readline'
import type { OutputStream } from './screen.ts'

const INTERVAL_MS = 200

export class Progress {
  readonly #stream: OutputStream
  #shownAt = Number.NEGATIVE_INFINITY
  #isShown = false

  constructor(stream: OutputStream) {
    this.#stream = stream
  }

  /** `text` is short enough for one line. Most calls in quick succession show nothing. */
  show(text: string): void {
    if (this.#stream.isTTY !== true || performance.now() < this.#shownAt + INTERVAL_MS) return
    this.#erase()
    this.#stream.write(text)
    this.#shownAt = performance.now()
    this.#isShown = true
  }

  /** Before anything else is written. */
  hide(): void {
    if (this.#isShown) this.#erase()
    this.#isShown = false
  }

  #erase(): void {
    cursorTo(this.#stream, 0)
    clearLine(this.#stream, 0)
  }
}
