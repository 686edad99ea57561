// SPDX-License-Identifier: MIT
// Random MessagePack that looks like messages: the keys of the protocol with items of the type that
// belongs there, or of any other, nested, repeated, and with lengths that sometimes lie.

import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

const ENVELOPE = ['t', 'y', 'q', 'a', 'r', 'e', 'p', 'u', 'v', 'n', 's']
const CONTENT = [
  ...['id', 'h', 'target', 'q', 'w', 'token', 'values', 'c', 'vid', 'sid', 've', 'n4', 'n6', 'sa'],
  ...['exp', 're', 'fileds'],
]
const INNER = ['s', 'w', 'f', 'v', 'id', 'dat', 'body', 'sig', 'type', 'data', 'utype', 'o', 'd']
const OTHERS = ['owner', 'seq', 'to', 'p', 'pt', '', 'x', '\0id', 'longer than any']
const NAMES = ['ping', 'find', 'get', 'put', 'listen', 'update', 'refresh', 'q', 'r', 'e', 'p', '']
const LENGTHS = [0, 1, 2, 4, 16, 19, 20, 21, 26, 32, 38, 52, 64, 65, 255, 256, 1280]
const NUMBERS = [
  0, 1, 2, 3, 4, 5, 10, 30, 127, 128, 255, 256, 203, 401, 404, 600, 65_535, 65_568, 1e9,
]

/** One random message. */
export class ItemWriter {
  readonly #random: SeededRandom
  readonly #writer = new MsgpackWriter(1024)
  /** Byte strings that mean something to the receiver: ids, keys, tokens. */
  readonly #known: readonly Uint8Array[]
  /** Numbers that do: transaction and socket ids. */
  readonly #numbers: readonly number[]

  constructor(random: SeededRandom, known: readonly Uint8Array[], numbers: readonly number[]) {
    this.#random = random
    this.#known = known
    this.#numbers = numbers
  }

  message(): Uint8Array {
    const { target } = this.#writer
    this.#writer.position = 0
    if (target.length > 65_536) this.#writer.target = new Uint8Array(1024)
    const random = this.#random
    this.#map(ENVELOPE, 1 + (random.uint32() % 7), 0)
    return this.#writer.take()
  }

  #map(keys: readonly string[], entries: number, depth: number): void {
    this.#writer.mapHeader(this.#lie(entries))
    for (let left = entries; left > 0; left--) {
      const key = this.#random.chance(0.95) ? this.#random.pick(keys) : this.#random.pick(OTHERS)
      this.#writer.text(key)
      if (this.#random.chance(0.8)) this.#fitting(key, depth + 1)
      else this.#any(depth + 1)
    }
  }

  /** An item of the type that the protocol has under `key`. */
  #fitting(key: string, depth: number): void {
    const random = this.#random
    if (depth > 8) return this.#scalar()
    switch (key) {
      case 'a':
      case 'r':
      case 'u':
        return this.#map(CONTENT, random.uint32() % 9, depth)
      case 'dat':
      case 'body':
      case 'fileds':
        return this.#map(INNER, random.uint32() % 5, depth)
      case 'p':
        return this.#fragments(depth)
      case 'q':
        return depth > 1 ? this.#map(INNER, random.uint32() % 4, depth) : this.#name()
      case 'y':
      case 'v':
      case 'utype':
        return this.#name()
      case 'values':
      case 'w':
      case 'e':
      case 'f':
        return this.#array(depth)
      case 'exp':
      case 're':
      case 's':
        return random.chance(0.5) ? this.#array(depth) : this.#writer.boolean(random.chance(0.5))
      case 't':
      case 'n':
      case 'c':
      case 'vid':
      case 'sid':
      case 've':
      case 'o':
      case 'seq':
      case 'type':
        return this.#number()
      default:
        return this.#bytes()
    }
  }

  #any(depth: number): void {
    const kind = this.#random.uint32() % 8
    if (depth > 8 || kind < 4) return this.#scalar()
    if (kind === 4) return this.#array(depth)
    if (kind === 5) return this.#bytes()
    if (kind === 6) return this.#deep()
    this.#map(this.#random.pick([CONTENT, INNER, ENVELOPE]), this.#random.uint32() % 5, depth)
  }

  #array(depth: number): void {
    const random = this.#random
    const items = random.chance(0.02) ? random.uint32() % 400 : random.uint32() % 6
    this.#writer.arrayHeader(this.#lie(items))
    const isUniform = random.chance(0.6)
    for (let left = items; left > 0; left--) {
      if (isUniform) this.#number()
      else if (random.chance(0.5)) this.#map(INNER, random.uint32() % 4, depth + 1)
      else this.#any(depth + 1)
    }
  }

  #fragments(depth: number): void {
    const random = this.#random
    const count = random.uint32() % 4
    this.#writer.mapHeader(this.#lie(count))
    for (let left = count; left > 0; left--) {
      if (random.chance(0.9)) this.#writer.unsigned(random.uint32() % 3)
      else this.#any(depth)
      this.#map(['o', 'd', 'd', 'x'], random.uint32() % 4, depth + 1)
    }
  }

  #scalar(): void {
    const kind = this.#random.uint32() % 6
    if (kind < 2) return this.#number()
    if (kind === 2) return this.#name()
    if (kind === 3) return this.#writer.boolean(true)
    this.#tagged()
  }

  /** An integer in the shortest form or in a random one, now and then negative. */
  #number(): void {
    const random = this.#random
    const value = random.chance(0.3) ? this.#knownNumber() : random.pick(NUMBERS)
    if (random.chance(0.8)) return this.#writer.unsigned(value)
    this.#tagged()
  }

  #knownNumber(): number {
    return this.#numbers.length === 0 ? this.#random.uint32() : this.#random.pick(this.#numbers)
  }

  /** A tag of any item, and eight bytes that it may or may not own. */
  #tagged(): void {
    const bytes = new Uint8Array(1 + (this.#random.uint32() % 9))
    this.#random.fill(bytes)
    bytes[0] = 0xc0 + (this.#random.uint32() & 0x3f)
    this.#writer.raw(bytes)
  }

  #name(): void {
    this.#writer.text(this.#random.pick(NAMES))
  }

  #bytes(): void {
    const random = this.#random
    if (this.#known.length > 0 && random.chance(0.6)) {
      return this.#writer.binary(random.pick(this.#known))
    }
    const bytes = new Uint8Array(random.pick(LENGTHS))
    if (bytes.length <= 64) random.fill(bytes)
    const form = random.uint32() % 10
    if (form === 0) this.#writer.text(String.fromCharCode(...bytes.subarray(0, 20)))
    else if (form === 1) this.#bytesAsArray(bytes)
    else this.#writer.binary(bytes)
  }

  #bytesAsArray(bytes: Uint8Array): void {
    this.#writer.arrayHeader(bytes.length)
    for (const byte of bytes) this.#writer.unsigned(byte)
  }

  #deep(): void {
    const levels = this.#random.uint32() % 40
    const opener = this.#random.chance(0.5) ? 0x91 : 0x81
    for (let i = 0; i < levels; i++) {
      this.#writer.raw(
        opener === 0x91 ? new Uint8Array([0x91]) : new Uint8Array([0x81, 0xa1, 0x73]),
      )
    }
    this.#writer.unsigned(1)
  }

  /** The count itself, or now and then another one. */
  #lie(count: number): number {
    if (this.#random.chance(0.98)) return count
    return this.#random.pick([0, count + 1, 15, 16, 70_000])
  }
}
