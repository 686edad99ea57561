// SPDX-License-Identifier: MIT
// Which blocks of our sources ran, and how often in powers of two, as V8 counts them by itself: no
// instrumented copy of the code, nothing to install.
//
// V8 reports nested ranges of each function that ran, and leaves out those that ran as often as
// what is around them. So blocks are told by where they begin, which is known once they were seen
// in a range of their own: at the latest when they did not run and the code around them did.

import { type Profiler, Session } from 'node:inspector'

/** The places of a function where blocks begin, by offset, and their numbers. */
type Places = Map<number, number>

/** Blocks that ran since they were last taken; begins to count at once. */
export class Coverage {
  readonly #session = new Session()
  readonly #isOurs: (url: string) => boolean
  readonly #functions = new Map<string, Places>()
  #places = 0

  /** Of the scripts whose URL fits. Those loaded before are not counted block by block. */
  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs
    this.#session.connect()
    this.#session.post('Profiler.enable')
    const options = { callCount: true, detailed: true, allowTriggeredUpdates: false }
    this.#session.post('Profiler.startPreciseCoverage', options)
  }

  /** Features of what ran: a place, alone, and with the power of two of its count. */
  take(): number[] {
    let scripts: Profiler.ScriptCoverage[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error
      scripts = taken.result
    })
    const features: number[] = []
    for (const { url, functions } of scripts) {
      if (!this.#isOurs(url)) continue
      for (const { ranges } of functions) this.#collect(url, ranges, features)
    }
    return features
  }

  close(): void {
    this.#session.disconnect()
  }

  /** `ranges` begin with the function itself; each is followed by those within it, in order. */
  #collect(url: string, ranges: readonly Profiler.CoverageRange[], features: number[]): void {
    const [whole] = ranges
    if (whole === undefined || whole.count === 0) return
    const key = `${url}:${whole.startOffset}`
    const places = this.#functions.get(key) ?? new Map<number, number>()
    this.#functions.set(key, places)
    for (const { startOffset } of ranges) {
      if (!places.has(startOffset)) places.set(startOffset, this.#places++)
    }
    for (const [offset, place] of places) {
      const count = countAt(ranges, offset)
      if (count === 0) continue
      features.push(64 * place, 64 * place + 1 + Math.min(62, Math.floor(Math.log2(count))))
    }
  }
}

/** Whether a feature is a place, whatever the count. */
export function isPlace(feature: number): boolean {
  return feature % 64 === 0
}

/** Of the innermost range around the offset, which is the last one that has it. */
function countAt(ranges: readonly Profiler.CoverageRange[], offset: number): number {
  let count = 0
  for (const range of ranges) {
    if (range.startOffset <= offset && offset < range.endOffset) count = range.count
  }
  return count
}
