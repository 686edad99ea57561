// SPDX-License-Identifier: MIT
// Where the program writes. On a terminal a line that comes while the user types goes above the
// prompt, and the prompt with the half-typed command is drawn again below it.

import { clearScreenDown, type Interface, moveCursor } from 'node:readline'
import type { Writable } from 'node:stream'

export interface Output {
  /** One or more complete lines, without the last line feed. */
  line(text: string): void
  /** The same for standard error. */
  error(text: string): void
}

export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  hasColors?(): boolean
}

export class Screen implements Output {
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  #prompt: Interface | undefined
  #isPromptShown = false

  constructor(stdout: OutputStream, stderr: OutputStream) {
    this.#stdout = stdout
    this.#stderr = stderr
  }

  /** Whether log lines may be coloured. */
  get hasColors(): boolean {
    return this.#stderr.isTTY === true && (this.#stderr.hasColors?.() ?? false)
  }

  line(text: string): void {
    this.#write(this.#stdout, text)
  }

  error(text: string): void {
    this.#write(this.#stderr, text)
  }

  /** From now on a prompt on the terminal stays below everything that is written. */
  attach(prompt: Interface): void {
    this.#prompt = prompt
    prompt.on('line', () => {
      this.#isPromptShown = false
    })
  }

  detach(): void {
    this.#prompt = undefined
    this.#isPromptShown = false
  }

  showPrompt(): void {
    if (this.#prompt === undefined) return
    this.#isPromptShown = true
    // What was typed before the prompt came keeps its place.
    this.#prompt.prompt(true)
  }

  #write(stream: OutputStream, text: string): void {
    const prompt = this.#isPromptShown ? this.#prompt : undefined
    if (prompt !== undefined) {
      // The command may be so long that it covers several rows.
      moveCursor(this.#stdout, -prompt.getCursorPos().cols, -prompt.getCursorPos().rows)
      clearScreenDown(this.#stdout)
    }
    stream.write(`${text}\n`)
    prompt?.prompt(true)
  }
}
