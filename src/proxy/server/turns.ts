// SPDX-License-Identifier: MIT
// Lets requests that cost something begin in small groups, first come, first served. Node.js
// accepts one connection per turn of its loop: were all that is there worked on at once, turns
// would take so long that hundreds of clients would wait seconds to be let in, while those inside
// are served over and over.

/** How long one group takes, and while connections come in. */
const TURN_MS = 8
const BRIEF_TURN_MS = 1

export interface TurnPorts {
  /** Monotonic, in milliseconds. */
  now(): number
  /** Calls back after the loop has looked for connections and data again. */
  later(action: () => void): void
}

export class Turns {
  readonly #ports: TurnPorts
  #waiting: (() => void)[] = []
  /** Of the turn that is under way. */
  #startedAt = 0
  #isUnderWay = false
  #hasArrivals = false

  constructor(ports: TurnPorts = LOOP) {
    this.#ports = ports
  }

  /** How many have not begun. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** A connection was accepted: others may be waiting for that. */
  arrived(): void {
    this.#hasArrivals = true
  }

  /** Runs `action`, which must not throw, now or in one of the next turns. */
  run(action: () => void): void {
    if (!this.#isUnderWay) this.#begin()
    if (this.#waiting.length === 0 && this.#hasTime) action()
    else this.#waiting.push(action)
  }

  get #hasTime(): boolean {
    const limitMs = this.#hasArrivals ? BRIEF_TURN_MS : TURN_MS
    return this.#ports.now() - this.#startedAt < limitMs
  }

  #begin(): void {
    this.#isUnderWay = true
    this.#startedAt = this.#ports.now()
    this.#ports.later(this.#next)
  }

  readonly #next = (): void => {
    if (this.#waiting.length === 0) {
      this.#isUnderWay = false
      this.#hasArrivals = false
      return
    }
    this.#begin()
    let done = 0
    do this.#waiting[done++]!()
    while (done < this.#waiting.length && this.#hasTime)
    this.#waiting = this.#waiting.slice(done)
    this.#hasArrivals = false
  }
}

const LOOP: TurnPorts = { now: () => performance.now(), later: (action) => setImmediate(action) }
