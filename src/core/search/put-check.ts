// SPDX-License-Identifier: MIT
// Verifies one put: some time after it was reported, who acknowledged the value is asked whether it
// is there. When fewer than half have it, it is put again where it is missing; who loses it twice
// makes room for others. Knows nothing of requests: the announce makes them.

/** How many puts turned out to be kept, and how often one had to be put again. */
export interface CheckCounts {
  kept: number
  lost: number
}

/** When puts are verified, and who counts. */
export interface Checking {
  readonly counts: CheckCounts
  /** Time until the next check: other each time, so that nobody can tell it from a get. */
  delayMs(): number
}

/** Checks of one put at most. */
const MAX_CHECKS = 4
const NEVER = Number.POSITIVE_INFINITY

export class PutCheck<Place> {
  readonly #checking: Checking
  readonly #asked = new Set<Place>()
  readonly #lacking: Place[] = []
  /** Those that lacked it before. */
  readonly #warned = new Set<Place>()
  #kept = 0
  #total = 0
  #left = MAX_CHECKS
  /** When the next check is due; Infinity while none is. */
  at = NEVER

  constructor(checking: Checking) {
    this.#checking = checking
  }

  /** Something is under way or due. */
  get isOpen(): boolean {
    return this.at < NEVER || this.#asked.size > 0
  }

  plan(now: number): void {
    if (this.#left > 0) this.at = now + this.#checking.delayMs()
  }

  /** A check begins. `ask` tells whether it could ask somebody. */
  begin(places: Iterable<Place>, ask: (place: Place) => boolean, now: number): void {
    this.#left--
    this.at = NEVER
    this.#kept = 0
    this.#total = 0
    this.#lacking.length = 0
    for (const place of places) if (ask(place)) this.#asked.add(place)
    this.#total = this.#asked.size
    if (this.#total === 0) this.plan(now)
  }

  /** This is about an answer to a check. */
  isAsked(place: Place): boolean {
    return this.#asked.has(place)
  }

  /**
   * `place` has the value or not; undefined when it gave no answer. When all are through: whom to
   * bring the value again, and who lost it twice.
   */
  answered(place: Place, has: boolean | undefined, now: number): Verdict<Place> | undefined {
    this.#asked.delete(place)
    if (has) this.#kept++
    else if (has === false) this.#lacking.push(place)
    if (this.#asked.size > 0) return undefined
    const { counts } = this.#checking
    if (2 * this.#kept >= this.#total) {
      counts.kept++
      return undefined
    }
    counts.lost++
    this.plan(now)
    const again = this.#lacking.filter((lacking) => !this.#warned.has(lacking))
    const given = this.#lacking.filter((lacking) => this.#warned.has(lacking))
    for (const lacking of again) this.#warned.add(lacking)
    return { again, given }
  }
}

export interface Verdict<Place> {
  readonly again: readonly Place[]
  readonly given: readonly Place[]
}
