// SPDX-License-Identifier: MIT
// The last lines of a log, for those who look at them in a browser. It stands before another log,
// which gets what it wants; lines for debugging are made only while somebody looks.

import type { Log, LogLevel } from '../../../core/ports.ts'
import type { LogLineJson } from './inspection-types.ts'

export class LogRing implements Log {
  readonly #inner: Log | undefined
  readonly #now: () => number
  readonly #lines: LogLineJson[] = []
  #count = 0
  #watchers = 0

  /** `now` is wall time in milliseconds. */
  constructor(inner?: Log, now: () => number = Date.now) {
    this.#inner = inner
    this.#now = now
  }

  enabled(level: LogLevel): boolean {
    return level !== 'debug' || this.#watchers > 0 || (this.#inner?.enabled(level) ?? false)
  }

  write(level: LogLevel, text: string): void {
    if (this.#inner?.enabled(level)) this.#inner.write(level, text)
    if (level === 'debug' && this.#watchers === 0) return
    const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
    this.#lines[this.#count % MAX_LINES] = {
      number: this.#count++,
      at: this.#now(),
      level,
      text: shown,
    }
  }

  /** How many lines there have been: the number of the next one. */
  get count(): number {
    return this.#count
  }

  /** Those from number `first` on that are still here, oldest first. */
  since(first: number): LogLineJson[] {
    const lines: LogLineJson[] = []
    for (let i = Math.max(first, this.#count - MAX_LINES); i < this.#count; i++) {
      lines.push(this.#lines[i % MAX_LINES]!)
    }
    return lines
  }

  /** Lines for debugging are kept until the returned function is called. */
  watch(): () => void {
    let isWatching = true
    this.#watchers++
    return () => {
      if (isWatching) this.#watchers--
      isWatching = false
    }
  }
}

const MAX_LINES = 1000
const MAX_TEXT = 2000
