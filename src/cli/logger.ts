// SPDX-License-Identifier: MIT
// The log of dhtnode: `[SSSSSS.UUUUUU] text`, monotonic time, to standard error (in colours on a
// terminal) or to a file. Off until -v or the command `log` turns it on; but warnings are for the
// user in any case.

import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Log, LogLevel } from '../core/ports.ts'

export type LogSink = (level: LogLevel, line: string) => void

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: '',
  warning: '\x1b[33m',
  error: '\x1b[31m',
}
const DEFAULT_COLOUR = '\x1b[39m'

export interface LoggerOptions {
  readonly sink: LogSink
  readonly isOn: boolean
  /** Shows a warning or error to the user, who would not see it in the log. */
  readonly notice?: ((text: string) => void) | undefined
  /** Whether the log goes where the notices go, so that they need not be said twice. */
  readonly isVisible: boolean
  readonly nowNs?: () => bigint
}

export class Logger implements Log {
  readonly #options: LoggerOptions
  #isOn: boolean
  #filter = ''

  constructor(options: LoggerOptions) {
    this.#options = options
    this.#isOn = options.isOn
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Warnings and errors are wanted even while the log is off. */
  enabled(level: LogLevel): boolean {
    return this.#isOn || level !== 'debug'
  }

  write(level: LogLevel, text: string): void {
    const { sink, notice, isVisible, nowNs = process.hrtime.bigint } = this.#options
    const isLogged = this.#isOn && text.includes(this.#filter)
    if (isLogged) sink(level, `[${timestamp(nowNs())}] ${text}`)
    if (level !== 'debug' && !(isLogged && isVisible)) notice?.(text)
  }

  /** On if it was off, and the other way round; everything is logged again. */
  toggle(): void {
    this.#isOn = !this.#isOn
    this.#filter = ''
  }

  /** On, but only lines that mention `hash`. */
  showOnly(hash: InfoHash): void {
    this.#isOn = true
    this.#filter = hash.toString()
  }
}

/** Lines through `write`, coloured by level when `hasColors`. */
export function lineSink(write: (line: string) => void, hasColors: boolean): LogSink {
  return (level, line) => {
    const colour = hasColors ? COLOURS[level] : ''
    write(colour === '' ? line : `${colour}${line}${DEFAULT_COLOUR}`)
  }
}

export interface LogFile {
  readonly sink: LogSink
  close(): void
}

/**
 * Truncates the file. Throws when it cannot be opened; when it cannot be written later (disk full),
 * `fail` is told once and the lines are lost.
 */
export function openLogFile(path: string, fail: (error: Error) => void): LogFile {
  // Appending, so that a tool which rotates logs may truncate it, too.
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants
  let file: number | undefined = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
  const close = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const sink: LogSink = (_level, line) => {
    if (file === undefined) return
    try {
      writeSync(file, `${line}\n`)
    } catch (error) {
      close()
      fail(error as Error)
    }
  }
  return { sink, close }
}

/** Seconds of the system's monotonic clock, six digits and microseconds. */
function timestamp(ns: bigint): string {
  const us = ns / 1000n
  const seconds = String(us / 1_000_000n).padStart(6, '0')
  return `${seconds}.${String(us % 1_000_000n).padStart(6, '0')}`
}
