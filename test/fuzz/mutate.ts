// SPDX-License-Identifier: MIT
// Damages datagrams: flips and overwrites bytes, cuts, repeats, joins, and forges the headers,
// lengths and numbers of MessagePack.

import type { SeededRandom } from '../support/seeded-random.ts'

/** Tags of every kind of MessagePack item, small and large lengths, and numbers at borders. */
const TAGS = [
  0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xa4, 0xbf, 0xc0, 0xc1, 0xc2,
  0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2,
  0xd3, 0xd4, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff,
]
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x10020, 0x7fffffff, 0xffffffff,
]
/** Largest UDP payload. */
const MAX_BYTES = 65_507

type Damage = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array

/** A damaged copy of `input`; parts of `other` may be joined to it. */
export function mutate(input: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  let bytes = new Uint8Array(input)
  for (let left = 1 + (random.uint32() & 3); left > 0; left--) {
    bytes = new Uint8Array(random.pick(DAMAGES)(bytes, random, other))
    if (bytes.length > MAX_BYTES) bytes = bytes.slice(0, MAX_BYTES)
  }
  return bytes
}

const DAMAGES: readonly Damage[] = [
  flipBit,
  flipBit,
  setTag,
  setTag,
  setByte,
  setWord,
  setLength,
  setLength,
  cut,
  remove,
  insert,
  repeat,
  join,
  swap,
]

function flipBit(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << (random.uint32() & 7))
  return bytes
}

function setTag(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  if (at < bytes.length) bytes[at] = random.pick(TAGS)
  return bytes
}

function setByte(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  if (at < bytes.length) bytes[at] = random.uint32()
  return bytes
}

function setWord(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  const word = random.pick(WORDS)
  for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = word >>> (24 - 8 * i)
  return bytes
}

/** Changes a count or length a little, wherever a byte looks like a short header. */
function setLength(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const start = place(bytes, random)
  for (let at = start; at < Math.min(bytes.length, start + 64); at++) {
    const byte = bytes[at]!
    const isShort = byte >= 0x80 && byte < 0xc0
    const hasLength = byte === 0xc4 || byte === 0xd9
    if (!isShort && !hasLength) continue
    const target = isShort ? at : at + 1
    if (target < bytes.length) bytes[target] = bytes[target]! + (random.uint32() & 1 ? 1 : -1)
    break
  }
  return bytes
}

function cut(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return bytes.subarray(0, place(bytes, random))
}

function remove(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  const end = Math.min(bytes.length, at + span(random))
  return concat(bytes.subarray(0, at), bytes.subarray(end))
}

function insert(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  const added = new Uint8Array(span(random))
  random.fill(added)
  return concat(bytes.subarray(0, at), added, bytes.subarray(at))
}

function repeat(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = place(bytes, random)
  const part = bytes.subarray(at, at + span(random))
  const times = random.uint32() % 4
  return concat(
    bytes.subarray(0, at),
    ...Array.from({ length: times }, () => part),
    bytes.subarray(at),
  )
}

function join(bytes: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random)))
}

function swap(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const length = span(random)
  const a = place(bytes, random)
  const b = place(bytes, random)
  const part = bytes.slice(a, a + length)
  bytes.copyWithin(a, b, b + length)
  bytes.set(part.subarray(0, Math.max(0, bytes.length - b)), b)
  return bytes
}

/** An offset, near the start more often than not: that is where the structure is. */
function place(bytes: Uint8Array, random: SeededRandom): number {
  const range = random.uint32() & 1 ? Math.min(bytes.length, 100) : bytes.length
  return random.uint32() % (range + 1)
}

function span(random: SeededRandom): number {
  return 1 + (random.uint32() % (random.uint32() & 3 ? 8 : 60))
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
