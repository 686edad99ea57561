// SPDX-License-Identifier: MIT
// What the keys of an index look like, and how a key becomes the one bit string that the trie is
// made of: every field padded to the same length, and their bits interleaved (a Z-order curve), in
// the order of the names of the fields. Everybody who uses an index has to use the same spec.

import { describeType } from '../api/key.ts'
import { utf8 } from '../core/util/bytes.ts'
import { bitAt, compareBytes, setBit } from './bits.ts'

/** Name of each field and the most bytes that it may hold. */
export type FieldLengths = Readonly<Record<string, number>>

/** A value for every field; text stands for its UTF-8 bytes. */
export type IndexKey = Readonly<Record<string, Uint8Array | string>>

/** A key as the trie sees it. */
export interface LinearKey {
  /** The bits, with the padding. All keys of a spec have as many. */
  readonly content: Uint8Array
  /** How many of them C++ nodes search: for a single field, those before the padding. */
  readonly size: number
}

/** Fields that a spec may have. */
export const MAX_FIELDS = 32
/** Bytes of a key in the trie, with the padding of all fields. */
export const MAX_CONTENT_BYTES = 1024

/** Behind the bytes of a field, so that those that end with zeros differ. */
const PADDING = 0x80

interface Field {
  readonly name: string
  readonly maxLength: number
}

export class KeySpec {
  /** In the order of the trie. */
  readonly fields: readonly Field[]
  /** Bytes of a padded field. */
  readonly fieldBytes: number
  /** Bytes of a key in the trie. */
  readonly contentBytes: number

  /** Throws TypeError or RangeError that names the field. */
  constructor(lengths: FieldLengths) {
    if (typeof lengths !== 'object' || lengths === null || Array.isArray(lengths)) {
      throw new TypeError(
        `spec must be an object of field names and lengths: got ${describeType(lengths)}`,
      )
    }
    this.fields = Object.entries(lengths)
      .map(([name, maxLength]) => checkField(name, maxLength))
      .sort((a, b) => compareBytes(utf8(a.name), utf8(b.name)))
    if (this.fields.length === 0 || this.fields.length > MAX_FIELDS) {
      throw new RangeError(`spec must have 1 to ${MAX_FIELDS} fields: got ${this.fields.length}`)
    }
    this.fieldBytes = Math.max(...this.fields.map(({ maxLength }) => maxLength)) + 1
    this.contentBytes = this.fields.length * this.fieldBytes
    if (this.contentBytes > MAX_CONTENT_BYTES) {
      throw new RangeError(
        `spec must need <= ${MAX_CONTENT_BYTES} bytes, number of fields times one more than the ` +
          `longest: got ${this.contentBytes}`,
      )
    }
  }

  /** Throws TypeError or RangeError that names the field. */
  linearise(key: IndexKey): LinearKey {
    const values = this.#values(key)
    const content = new Uint8Array(this.contentBytes)
    if (values.length === 1) {
      content.set(values[0]!)
      content[values[0]!.length] = PADDING
      return { content, size: 8 * values[0]!.length }
    }
    for (const [place, value] of values.entries()) {
      const padded = this.pad(value)
      for (let bit = 0; bit < 8 * this.fieldBytes; bit++) {
        if (bitAt(padded, bit) === 1) setBit(content, bit * values.length + place)
      }
    }
    return { content, size: 8 * content.length }
  }

  /** The fields of a key in the trie; undefined when it is none of this spec. */
  fieldsOf(content: Uint8Array): Record<string, Uint8Array> | undefined {
    if (content.length !== this.contentBytes) return undefined
    const pairs: [string, Uint8Array][] = []
    for (const [place, { name, maxLength }] of this.fields.entries()) {
      const padded = this.part(content, place, 8 * content.length)
      const end = padded.findLastIndex((byte) => byte !== 0)
      if (end < 0 || end > maxLength || padded[end] !== PADDING) return undefined
      pairs.push([name, padded.slice(0, end)])
    }
    return Object.fromEntries(pairs)
  }

  /** The bits of the field at `place` within the first `size` bits of a key; the others are 0. */
  part(bytes: Uint8Array, place: number, size: number): Uint8Array {
    const padded = new Uint8Array(this.fieldBytes)
    const count = this.partSize(place, size)
    for (let bit = 0; bit < count; bit++) {
      if (bitAt(bytes, bit * this.fields.length + place) === 1) setBit(padded, bit)
    }
    return padded
  }

  /** How many of the first `size` bits of a key belong to the field at `place`. */
  partSize(place: number, size: number): number {
    return Math.max(0, Math.ceil((size - place) / this.fields.length))
  }

  pad(value: Uint8Array): Uint8Array {
    const padded = new Uint8Array(this.fieldBytes)
    padded.set(value)
    padded[value.length] = PADDING
    return padded
  }

  /** The place of a field in the trie. Throws TypeError when there is no such field. */
  placeOf(name: string): number {
    const place = this.fields.findIndex((field) => field.name === name)
    if (place < 0) throw new TypeError(`field must be ${this.#names()}: got "${name}"`)
    return place
  }

  /** Bytes for the field at `place`. Throws TypeError or RangeError that begins with `argument`. */
  valueOf(argument: string, value: unknown, place: number): Uint8Array {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw new TypeError(
        `${argument} must be a string or a Uint8Array: got ${describeType(value)}`,
      )
    }
    const bytes = typeof value === 'string' ? utf8(value) : new Uint8Array(value)
    const { maxLength } = this.fields[place]!
    if (bytes.length > maxLength) {
      throw new RangeError(`${argument} must have <= ${maxLength} bytes: got ${bytes.length}`)
    }
    return bytes
  }

  #values(key: IndexKey): Uint8Array[] {
    if (typeof key !== 'object' || key === null || key instanceof Uint8Array) {
      throw new TypeError(
        `key must be an object with the field ${this.#names()}: got ${describeType(key)}`,
      )
    }
    const unknown = Object.keys(key).find((name) => this.fields.every((it) => it.name !== name))
    if (unknown !== undefined) {
      throw new TypeError(`key has a field "${unknown}", but the index has ${this.#names()}`)
    }
    return this.fields.map(({ name }, place) => {
      if (!Object.hasOwn(key, name)) throw new TypeError(`key must have the field "${name}"`)
      return this.valueOf(`key.${name}`, key[name], place)
    })
  }

  #names(): string {
    return this.fields.map(({ name }) => `"${name}"`).join(', ')
  }
}

function checkField(name: string, maxLength: unknown): Field {
  if (typeof maxLength !== 'number') {
    throw new TypeError(`spec.${name} must be a number: got ${describeType(maxLength)}`)
  }
  if (!Number.isInteger(maxLength) || maxLength < 0 || maxLength >= MAX_CONTENT_BYTES) {
    throw new RangeError(
      `spec.${name} must be a whole number of 0 to ${MAX_CONTENT_BYTES - 1}: got ${maxLength}`,
    )
  }
  return { name, maxLength }
}
