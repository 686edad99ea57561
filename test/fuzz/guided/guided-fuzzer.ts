// SPDX-License-Identifier: MIT
// Fuzzing that is guided by coverage: inputs that reach something new are kept, and others are made
// of them. Inputs run in batches, since asking what ran costs more than most of them; a batch that
// reached a new place runs again in halves.

import type { SeededRandom } from '../../support/seeded-random.ts'
import { mutate } from '../mutate.ts'
import { type Coverage, isPlace } from './coverage.ts'
import type { FuzzTarget } from './target.ts'

const BATCH = 100
/** Of each batch, so many are looked at one by one in any case, for what they do more often. */
const SAMPLES = 2
/** Longer inputs take time and rarely find more. */
const DEFAULT_MAX_BYTES = 4096

export interface FuzzCounters {
  runs: number
  /** Places in the sources that were reached, and those with their powers of two. */
  places: number
  features: number
}

export class GuidedFuzzer {
  /** Inputs that reached something new, in the order in which they were found. */
  readonly kept: Uint8Array[] = []
  readonly counters: FuzzCounters = { runs: 0, places: 0, features: 0 }
  readonly #target: FuzzTarget
  readonly #coverage: Coverage
  readonly #random: SeededRandom
  readonly #onRun: (input: Uint8Array) => void
  readonly #known = new Set<number>()

  /** `onRun` hears of each input before it runs. */
  constructor(
    target: FuzzTarget,
    coverage: Coverage,
    random: SeededRandom,
    onRun: (input: Uint8Array) => void = () => {},
  ) {
    this.#target = target
    this.#coverage = coverage
    this.#random = random
    this.#onRun = onRun
  }

  /** Runs inputs that are kept if they reach something new. Rejects with what one of them threw. */
  async seed(inputs: readonly Uint8Array[]): Promise<void> {
    this.#coverage.take()
    for (const input of inputs) await this.#examine(input)
    if (this.kept.length === 0) this.kept.push(new Uint8Array())
  }

  /** Runs a batch of new inputs. Rejects with what one of them threw. */
  async step(): Promise<void> {
    const inputs = Array.from({ length: BATCH }, () => this.#make())
    this.#coverage.take()
    await this.#search(inputs)
    for (const input of inputs.slice(0, SAMPLES)) await this.#examine(input)
  }

  /** Finds those that reach new places by halves. */
  async #search(inputs: readonly Uint8Array[]): Promise<void> {
    const [first] = inputs
    if (first === undefined) return
    if (inputs.length === 1) return this.#examine(first)
    for (const input of inputs) await this.#run(input)
    const hasNews = this.#coverage.take().some((it) => isPlace(it) && !this.#known.has(it))
    if (!hasNews) return
    const middle = Math.ceil(inputs.length / 2)
    await this.#search(inputs.slice(0, middle))
    await this.#search(inputs.slice(middle))
  }

  /** Keeps the input if it reaches something new. */
  async #examine(input: Uint8Array): Promise<void> {
    await this.#run(input)
    let isNew = false
    for (const feature of this.#coverage.take()) {
      if (this.#known.has(feature)) continue
      this.#known.add(feature)
      this.counters.features++
      if (isPlace(feature)) this.counters.places++
      isNew = true
    }
    if (isNew) this.kept.push(input)
  }

  async #run(input: Uint8Array): Promise<void> {
    this.counters.runs++
    this.#onRun(input)
    const result = this.#target.run(input)
    if (result !== undefined) await result
  }

  #make(): Uint8Array {
    const random = this.#random
    const { dictionary = [], maxBytes = DEFAULT_MAX_BYTES } = this.#target
    // Late ones are deeper, more often than not.
    const late = this.kept.slice(-32)
    let bytes = random.pick(random.chance(0.5) ? late : this.kept)
    const isWord = dictionary.length > 0 && random.chance(0.4)
    if (isWord) bytes = insert(bytes, random.pick(dictionary), random)
    else if (random.chance(0.4)) bytes = tweak(bytes, random)
    if (bytes.length === 0 || random.chance(0.5))
      bytes = mutate(bytes, random, random.pick(this.kept))
    return bytes.slice(0, maxBytes)
  }
}

/** Another byte somewhere: what is left of the structure stays as it is. */
function tweak(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const result = bytes.slice()
  if (result.length > 0) result[random.uint32() % result.length] = random.uint32()
  return result
}

/** A word anywhere, between what is there or over it. */
function insert(bytes: Uint8Array, word: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.uint32() % (bytes.length + 1)
  const rest = bytes.subarray(random.chance(0.5) ? at : Math.min(bytes.length, at + word.length))
  const result = new Uint8Array(at + word.length + rest.length)
  result.set(bytes.subarray(0, at))
  result.set(word, at)
  result.set(rest, at + word.length)
  return result
}
