// SPDX-License-Identifier: MIT
// A range of one field, as a question to each node of the trie: can there be such keys below it?
// The other fields may have any value.

import { compareBytes } from './bits.ts'
import type { IndexKey, KeySpec } from './key-spec.ts'
import type { Prefix } from './prefix.ts'

/** Which values of a field are meant. */
export interface FieldBounds {
  /** The least value, itself included. Default none. */
  readonly from?: Uint8Array | string | undefined
  /** The greatest value, itself included. Default none. */
  readonly to?: Uint8Array | string | undefined
  /** What values begin with, in place of both. */
  readonly startsWith?: Uint8Array | string | undefined
}

export class FieldRange {
  readonly #spec: KeySpec
  readonly #place: number
  readonly #name: string
  readonly #from: Uint8Array
  readonly #to: Uint8Array
  /** Of the least value in the range, and of the greatest one, as the trie has them. */
  readonly #first: Uint8Array
  readonly #last: Uint8Array
  /** Values that come before `to`, but are behind it in the trie: their padding is so large. */
  readonly #stragglers: readonly Uint8Array[]

  /** Throws TypeError or RangeError that names the argument. */
  constructor(spec: KeySpec, field: string, bounds: FieldBounds) {
    this.#spec = spec
    this.#name = field
    this.#place = spec.placeOf(field)
    const { maxLength } = spec.fields[this.#place]!
    const { from, to, startsWith } = bounds
    const start = this.#read({ startsWith })
    if (start !== undefined && (from ?? to) !== undefined) {
      throw new TypeError('startsWith must not be given together with from or to')
    }
    this.#from = start ?? this.#read({ from }) ?? new Uint8Array(0)
    const highest = new Uint8Array(maxLength).fill(0xff)
    if (start !== undefined) highest.set(start)
    this.#to = this.#read({ to }) ?? highest
    this.#first = new Uint8Array(spec.fieldBytes)
    this.#first.set(this.#from)
    this.#last = spec.pad(this.#to)
    this.#stragglers = Array.from({ length: this.#to.length }, (_, i) => this.#to.subarray(0, i))
      .filter((value) => compareBytes(value, this.#from) >= 0)
      .map((value) => spec.pad(value))
  }

  includes(key: IndexKey): boolean {
    const value = key[this.#name] as Uint8Array
    return compareBytes(value, this.#from) >= 0 && compareBytes(value, this.#to) <= 0
  }

  /** Whether keys in the range may begin with this prefix. */
  meets({ bytes, size }: Prefix): boolean {
    const low = this.#spec.part(bytes, this.#place, size)
    const high = filled(low, this.#spec.partSize(this.#place, size))
    const isWithin = (value: Uint8Array): boolean =>
      compareBytes(low, value) <= 0 && compareBytes(value, high) <= 0
    if (compareBytes(low, this.#last) <= 0 && compareBytes(this.#first, high) <= 0) return true
    return this.#stragglers.some(isWithin)
  }

  /** Bytes of one bound. */
  #read(bound: FieldBounds): Uint8Array | undefined {
    const [[argument, value] = ['', undefined]] = Object.entries(bound)
    if (value === undefined) return undefined
    return this.#spec.valueOf(argument, value, this.#place)
  }
}

/** With all bits from `size` on set. */
function filled(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  for (let i = size >> 3; i < copy.length; i++)
    copy[i]! |= i === size >> 3 ? 0xff >> (size & 7) : 0xff
  return copy
}
