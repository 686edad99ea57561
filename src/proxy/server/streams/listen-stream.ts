// SPDX-License-Identifier: MIT
// One listen of one client: writes what changed since its position in the hub, as fast as the
// client reads. Ends with its connection, which it cuts when the client reads nothing for long.

import { onceGone } from '../once-gone.ts'
import { STATUS_HEADER } from '../readiness-gate.ts'
import type { RouteContext } from '../route.ts'
import { cutStalled } from '../stall-watch.ts'
import type { KeyHub, KeyState } from './key-hub.ts'
import type { ServedReader } from './key-hubs.ts'
import type { Mark, StreamForm, StreamRequest } from './stream-form.ts'

export class ListenStream implements ServedReader {
  readonly #context: RouteContext
  readonly #hub: KeyHub
  readonly #form: StreamForm
  /** Number of the last change that was written. */
  #seq: number
  #isBlocked = false
  #isGone = false
  #isSynced = false
  /** What was forgotten before the stream began is nothing to it. */
  #forgotten: number
  /** Nothing was written since the last beat. */
  #isQuiet = false
  #stall: NodeJS.Timeout | undefined

  constructor(context: RouteContext, hub: KeyHub, { form, cursor }: StreamRequest) {
    this.#context = context
    this.#hub = hub
    this.#form = form
    const seq = seqOf(cursor, hub)
    this.#seq = seq ?? 0
    this.#forgotten = seq === undefined ? hub.forgottenSeq : 0
    const { reply, services } = context
    const common = ['Access-Control-Allow-Origin', '*', STATUS_HEADER, services.readiness.status]
    reply.writeHead(200, [...form.headers, ...common])
    reply.flushHeaders()
    reply.on('drain', () => this.#unblock())
    onceGone(context, () => this.#gone())
    if (form.isResumable) {
      hub.settle()
      if (seq === undefined) this.#mark('reset')
    }
  }

  get isResumable(): boolean {
    return this.#form.isResumable
  }

  wake(): void {
    if (this.#isBlocked) return
    if (!this.#hub.knowsSince(this.#seq, this.#forgotten)) return this.#startOver()
    for (const state of this.#hub.since(this.#seq)) {
      this.#value(state)
      if (this.#isBlocked) return
    }
    this.#seq = this.#hub.seq
    if (!this.#form.isResumable || this.#isSynced || !this.#hub.isSettled) return
    this.#isSynced = true
    this.#mark('sync')
  }

  beat(): void {
    if (this.#form.isResumable && this.#isQuiet && !this.#isBlocked) this.#mark('beat')
    this.#isQuiet = true
  }

  /**
   * With FIN and without the last chunk: older clients listen anew only after that. Newer ones
   * never hang up by themselves then.
   */
  end(): void {
    const { socket } = this.#context.request
    this.#isGone = true
    clearTimeout(this.#stall)
    this.#stall = setTimeout(() => socket.destroy(), LEAVE_MS)
    socket.end()
  }

  /**
   * So far behind that values which are gone were forgotten. A client that knows of resets begins
   * anew; to others, who would keep values for ever, only a new stream can say so.
   */
  #startOver(): void {
    if (!this.#form.isResumable) return this.#cut()
    this.#seq = 0
    this.#forgotten = this.#hub.forgottenSeq
    this.#isSynced = false
    this.#mark('reset')
    this.wake()
  }

  #value(state: KeyState): void {
    this.#seq = state.seq
    this.#context.services.counters.lines++
    this.#write(this.#form.value(state.json, this.#cursor))
  }

  #mark(mark: Mark): void {
    this.#write(this.#form.mark(mark, this.#cursor))
  }

  get #cursor(): string {
    return `${this.#hub.epoch}-${this.#seq}`
  }

  #write(text: string): void {
    const { reply, services } = this.#context
    if (this.#isGone) return
    this.#isQuiet = false
    if (reply.write(text) || this.#isBlocked) return
    this.#isBlocked = true
    this.#stall = setTimeout(() => this.#cut(), services.limits.stallTimeoutMs)
  }

  #unblock(): void {
    clearTimeout(this.#stall)
    this.#isBlocked = false
    this.wake()
  }

  #gone(): void {
    this.#isGone = true
    clearTimeout(this.#stall)
  }

  #cut(): void {
    cutStalled(this.#context.request.socket, this.#context.services.counters)
  }
}

/** How long a client has to close its end. */
const LEAVE_MS = 5000

/** Undefined when nothing is known of the time since the cursor. */
function seqOf(cursor: string | undefined, hub: KeyHub): number | undefined {
  const [, epoch, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(cursor ?? '') ?? []
  const seq = Number(digits)
  return epoch === hub.epoch && hub.knowsSince(seq) ? seq : undefined
}
