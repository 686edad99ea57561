// SPDX-License-Identifier: MIT
// The log of one node: nowhere, to standard error, or appended to a file.

import { closeSync, openSync, writeSync } from 'node:fs'
import { Logger, lineSink } from '../cli/logger.ts'
import type { Log, LogLevel } from '../core/ports.ts'

const STDERR = 2

export class NodeLog implements Log {
  #target: Logger | undefined
  #file: number | undefined

  enabled(): boolean {
    return this.#target !== undefined
  }

  write(level: LogLevel, text: string): void {
    this.#target?.write(level, text)
  }

  /** Throws if the file cannot be opened; the log is off then. */
  toFile(path: string): void {
    this.close()
    const file = openSync(path, 'a')
    this.#file = file
    this.#turnOn(file)
  }

  toStandardError(): void {
    this.close()
    this.#turnOn(STDERR)
  }

  close(): void {
    this.#target = undefined
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #turnOn(file: number): void {
    const write = (line: string): void => {
      try {
        writeSync(file, `${line}\n`)
      } catch {
        // A full disk, or a terminal that is gone: the node goes on without its log.
        this.close()
      }
    }
    this.#target = new Logger({ sink: lineSink(write, false), isOn: true, isVisible: true })
  }
}
