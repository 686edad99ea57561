// SPDX-License-Identifier: MIT
// Lets requests that cost something begin in small groups, first come, first served. Node.js
// accepts one connection per turn of its loop: were all that is there worked on at once, turns
// would take so long that hundreds of clients would wait seconds to be let in, while those inside
// are served over and over.

/** How long one group takes. While connections come in, it is a single request. */
const TURN_MS = 3
/** They are many when so many begin within this time. */
const MANY = 100
const MANY_WITHIN_MS = 100

export interface TurnPorts {
  /** Monotonic, in milliseconds. */
  now(): number
  /** Calls back after the loop has looked for connections and data again. */
  later(action: () => void): void
}

export class Turns {
  readonly #ports: TurnPorts
  #waiting: (() => void)[] = []
  #isUnderWay = false
  #hasArrivals = false
  /** Since `#countedFrom`, and whether there were many in the time before that. */
  #begun = 0
  #countedFrom = Number.NEGATIVE_INFINITY
  #areMany = false

  constructor(ports: TurnPorts = LOOP) {
    this.#ports = ports
  }

  /** How many have not begun. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** So many begin that what each of them costs is of more importance than a moment. */
  get areMany(): boolean {
    return this.#areMany
  }

  /** A connection was accepted: others may be waiting for that. */
  arrived(): void {
    this.#hasArrivals = true
  }

  /**
   * Runs `action`, which must not throw, in one of the next turns. Together with others, so that
   * what they send leaves together, too.
   */
  run(action: () => void): void {
    this.#waiting.push(action)
    if (!this.#isUnderWay) this.#begin()
  }

  #begin(): void {
    this.#isUnderWay = true
    this.#ports.later(this.#next)
  }

  readonly #next = (): void => {
    const now = this.#ports.now()
    const endsAt = this.#hasArrivals ? now : now + TURN_MS
    let done = 0
    do this.#waiting[done++]!()
    while (done < this.#waiting.length && this.#ports.now() < endsAt)
    this.#waiting = this.#waiting.slice(done)
    this.#count(done, now)
    this.#hasArrivals = false
    this.#isUnderWay = false
    if (this.#waiting.length > 0) this.#begin()
  }

  #count(begun: number, now: number): void {
    const passedMs = now - this.#countedFrom
    if (passedMs >= MANY_WITHIN_MS) {
      this.#areMany = this.#begun >= MANY && passedMs < 2 * MANY_WITHIN_MS
      this.#begun = 0
      this.#countedFrom = now
    }
    this.#begun += begun
  }
}

const LOOP: TurnPorts = { now: () => performance.now(), later: (action) => setImmediate(action) }
