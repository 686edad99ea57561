// SPDX-License-Identifier: MIT
// The lines of a get, written as values come. While there are many gets, each write counts: then
// what is found first, often in the proxy's own node, waits a moment for the rest.

import { beginLines, sendLines } from '../reply.ts'
import type { RouteContext } from '../route.ts'
import { writeLine } from './write-line.ts'

/** How long the first values wait at most, and how many bytes of them. */
const HOLD_MS = 200
const MAX_HELD_BYTES = 16 * 1024

export class FoundLines {
  readonly #context: RouteContext
  #held = ''
  #timer: NodeJS.Timeout | undefined

  constructor(context: RouteContext) {
    this.#context = context
  }

  /** Resolves to whether the client is still there, when there is room for more. */
  add(json: string): true | Promise<boolean> {
    const { reply, services } = this.#context
    services.counters.lines++
    this.#held += `${json}\n`
    const isPatient = !reply.headersSent && services.turns.areMany
    if (!isPatient || this.#held.length > MAX_HELD_BYTES) return this.#write()
    this.#timer ??= setTimeout(() => this.#write(), HOLD_MS)
    return true
  }

  /** There are no more. */
  end(): void {
    const { reply } = this.#context
    if (reply.headersSent) reply.end(this.#held)
    else sendLines(this.#context, this.#held)
  }

  /** Nothing is written any more. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  #write(): Promise<boolean> {
    const lines = this.#held
    this.#held = ''
    if (!this.#context.reply.headersSent) beginLines(this.#context)
    return writeLine(this.#context, lines)
  }
}
