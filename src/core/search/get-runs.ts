// SPDX-License-Identifier: MIT
// The gets of one search. An array, since there is rarely more than one: a `Map` would take a new
// table for each of them.

import type { Outcome } from '../events.ts'
import type { Family } from '../id/socket-address.ts'
import type { Closest } from './closest-set.ts'
import type { GetRun, RunSink } from './get-run.ts'

export interface OutcomeJudge {
  /** How a get ends; with `failure` when nobody answered. */
  outcomeOf(run: GetRun, failure: Outcome, now: number): Outcome
}

export class GetRuns implements Iterable<GetRun> {
  /** In no particular order. */
  readonly #runs: GetRun[] = []

  get size(): number {
    return this.#runs.length
  }

  [Symbol.iterator](): Iterator<GetRun> {
    return this.#runs[Symbol.iterator]()
  }

  add(run: GetRun): void {
    this.#runs.push(run)
  }

  /** Nobody waits for it any more. */
  cancel(sink: RunSink): void {
    const at = this.#runs.findIndex((run) => run.sink === sink)
    if (at >= 0) this.#remove(at)
  }

  /** Ends those that have all that there is. */
  finish(family: Family, closest: Closest, judge: OutcomeJudge, now: number): void {
    // From the last one to the first: what is last takes the place of what is over.
    for (let at = this.#runs.length - 1; at >= 0; at--) {
      const run = this.#runs[at]!
      if (run.fetches.isActive || !run.isComplete(closest, now)) continue
      this.#end(at, family, judge.outcomeOf(run, 'failed', now))
    }
  }

  /** Ends all of them, whatever they have. */
  endAll(family: Family, outcomeOf: (run: GetRun) => Outcome): void {
    for (let at = this.#runs.length - 1; at >= 0; at--) {
      this.#end(at, family, outcomeOf(this.#runs[at]!))
    }
  }

  #end(at: number, family: Family, outcome: Outcome): void {
    const run = this.#remove(at)
    const nodes = run.answerers.map(({ node }) => node)
    run.sink.onFamilyDone(family, outcome, nodes)
  }

  #remove(at: number): GetRun {
    const run = this.#runs[at]!
    // Its requests go on: a node that never answers them has to be noticed.
    run.isOver = true
    const last = this.#runs.pop()!
    if (last !== run) this.#runs[at] = last
    return run
  }
}
