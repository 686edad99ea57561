// SPDX-License-Identifier: MIT
// Notices that this process did not get round to its event loop for so long that datagrams waiting
// in the sockets are not worth answering: their senders gave up on them, and as replies they would
// look like slow nodes. UDP sockets of the runtime do not say when a datagram arrived, so we watch
// the loop instead: while there is traffic, a timer is always due soon, and when it fires far too
// late the loop stood still for at least as long. Timers run before sockets are read, so the
// datagrams that are read before the next `setImmediate` are the ones that waited. Nothing is
// detected when the standstill began without recent traffic; then there is little to drop either.

/** How often a busy process looks at its own pulse. */
const PULSE_MS = 250
/** Datagrams that waited longer are dropped. */
export const STALE_AFTER_MS = 650

export class LoopWatch {
  /** True while the datagrams that are being read waited too long. */
  isStale = false
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0
  #isBusy = false

  /** There is traffic. Cheap: called for every batch. */
  touch(): void {
    this.#isBusy = true
    if (this.#timer === undefined) this.#arm()
  }

  #arm(): void {
    this.#isBusy = false
    this.#dueAt = performance.now() + PULSE_MS
    this.#timer = setTimeout(() => this.#onPulse(), PULSE_MS)
    this.#timer.unref()
  }

  #onPulse(): void {
    this.#timer = undefined
    if (performance.now() - this.#dueAt > STALE_AFTER_MS) {
      this.isStale = true
      setImmediate(() => {
        this.isStale = false
      })
    }
    if (this.#isBusy) this.#arm()
  }
}

/** There is one event loop, so one watch serves all sockets. */
export const loopWatch = new LoopWatch()
