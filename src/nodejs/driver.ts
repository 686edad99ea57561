// SPDX-License-Identifier: MIT
// Connects an engine with sockets, clocks and one timer: feeds it the datagrams of a batch, sends
// what it has to say once, hands on its events once, and sleeps until it wants to be woken.

import type { ClientHost } from '../api/operations.ts'
import type { Dht } from '../core/dht.ts'
import type { DhtEvent } from '../core/events.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import type { Transport, TransportHandler } from './transport.ts'

/** How often the wall clock is compared with ours, at most. */
const CLOCK_SYNC_MS = 1000
/** Smaller differences are ignored: they would only make the times of stored values flicker. */
const CLOCK_TOLERANCE_MS = 100
/** A timer later than this lets the sockets go first: the answers it waits for may be in there. */
const LATE_TIMER_MS = 50
const MAX_SLEEP_MS = 60 * 60_000

/** Milliseconds on a clock that never goes back, whole numbers as the engine wants them. */
export function monotonicNow(): number {
  return Math.floor(performance.now())
}

export class Driver implements ClientHost, TransportHandler {
  readonly dht: Dht
  readonly #transports: readonly Transport[]
  readonly #onEvents: (events: DhtEvent[]) => void
  #timer: NodeJS.Timeout | undefined
  #wakeAt = Number.POSITIVE_INFINITY
  #syncedAt = Number.NEGATIVE_INFINITY
  #wallOffsetMs = Number.NEGATIVE_INFINITY
  #isSettling = false
  #isUnsettled = false
  #isKickPlanned = false
  #isFailureKickPlanned = false
  #isStopped = false

  constructor(dht: Dht, transports: readonly Transport[], onEvents: (events: DhtEvent[]) => void) {
    this.dht = dht
    this.#transports = transports
    this.#onEvents = onEvents
    this.#syncClock()
  }

  now(): number {
    return monotonicNow()
  }

  /** Returns whether there were events. */
  kick(): boolean {
    this.#isUnsettled = true
    // Whoever is settling already sees to it.
    if (this.#isSettling) return false
    this.#isSettling = true
    let hasEvents = false
    try {
      while (this.#isUnsettled) {
        this.#isUnsettled = false
        this.#syncClock()
        this.#flush()
        const events = this.dht.takeEvents()
        if (events.length > 0) hasEvents = true
        this.#onEvents(events)
      }
    } finally {
      this.#isSettling = false
      this.#arm()
    }
    return hasEvents
  }

  kickSoon(): void {
    if (this.#isKickPlanned) return
    this.#isKickPlanned = true
    queueMicrotask(this.#plannedKick)
  }

  /** No timer and no input from now on. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  onDatagram(bytes: Uint8Array, from: SocketAddress): void {
    if (!this.#isStopped) this.dht.receive(bytes, from, this.now())
  }

  onBatchEnd(): boolean {
    return !this.#isStopped && this.kick()
  }

  onSendFailed(to: SocketAddress): void {
    if (this.#isStopped) return
    this.dht.sendFailed(to, this.now())
    // Failures come in heaps: one kick for all of them.
    if (this.#isFailureKickPlanned) return
    this.#isFailureKickPlanned = true
    setImmediate(() => {
      this.#isFailureKickPlanned = false
      this.onBatchEnd()
    })
  }

  readonly #plannedKick = (): void => {
    this.#isKickPlanned = false
    this.onBatchEnd()
  }

  #syncClock(): void {
    const now = this.now()
    if (now - this.#syncedAt < CLOCK_SYNC_MS) return
    this.#syncedAt = now
    const offsetMs = Date.now() - now
    if (Math.abs(offsetMs - this.#wallOffsetMs) <= CLOCK_TOLERANCE_MS) return
    this.#wallOffsetMs = offsetMs
    this.dht.syncWallClock(offsetMs)
  }

  #flush(): void {
    const { outbox } = this.dht
    if (outbox.count === 0) return
    let isArenaFree = true
    for (const transport of this.#transports) {
      if (!transport.send(outbox)) isArenaFree = false
    }
    if (isArenaFree) outbox.clear()
    else outbox.release()
  }

  #arm(): void {
    const next = this.dht.nextWakeup()
    // An early timer finds nothing to do and sets itself anew; that is cheaper than one per batch.
    if (this.#isStopped || next === undefined || next >= this.#wakeAt) return
    clearTimeout(this.#timer)
    this.#wakeAt = next
    const delayMs = Math.min(Math.max(next - this.now(), 0), MAX_SLEEP_MS)
    this.#timer = setTimeout(this.#onTimer, delayMs)
  }

  readonly #onTimer = (): void => {
    const lateMs = this.now() - this.#wakeAt
    if (lateMs > LATE_TIMER_MS) setImmediate(this.#advance)
    else this.#advance()
  }

  readonly #advance = (): void => {
    this.#wakeAt = Number.POSITIVE_INFINITY
    if (this.#isStopped) return
    this.dht.advance(this.now())
    this.kick()
  }
}
