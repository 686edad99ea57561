// SPDX-License-Identifier: MIT
// The `values` array of a message: inline values, or sizes of values that follow in fragments (spec
// wire, section 8).

import { INLINE_VALUES_BYTES, INLINE_VALUES_COUNT, MAX_PACKED_VALUE_BYTES } from '../constants.ts'
import { WireError } from '../errors.ts'
import type { ByteSlab } from '../util/byte-slab.ts'
import { unpackValue, unpackValueBytes } from '../value/unpack-value.ts'
import type { Value } from '../value/value.ts'
import type { Message } from './message.ts'
import type { Answer } from './message-parts.ts'

/** Whether these packed values fit into one message, or have to be announced by their sizes. */
export function answerWithValues(
  packed: readonly Uint8Array[],
): Answer & { kind: 'values' | 'sizes' } {
  let total = 0
  for (const bytes of packed) total += bytes.length
  const inline = packed.length < INLINE_VALUES_COUNT && total < INLINE_VALUES_BYTES
  return { kind: inline ? 'values' : 'sizes', packed }
}

/** Announced sizes by index in `values`; 0 for inline elements and for those beyond the limit. */
export function announcedSizes(message: Message): number[] {
  const reader = message.reader
  reader.reset(message.source, message.valuesOffset, message.source.length)
  const sizes: number[] = []
  for (let i = 0; i < message.valueCount; i++) {
    if (reader.nextIsUnsigned) {
      const size = reader.unsigned(Number.MAX_VALUE)
      sizes.push(size <= MAX_PACKED_VALUE_BYTES ? size : 0)
    } else {
      reader.skip()
      sizes.push(0)
    }
  }
  return sizes
}

/**
 * The values of a complete message: inline ones first, then the reassembled ones in order. An
 * inline value that does not parse is left out; a reassembled one makes the message invalid
 * (WireError). The bytes of inline ones that are soon forgotten may go to a slab.
 */
export function readValues(message: Message, slab?: ByteSlab): Value[] {
  const values: Value[] = []
  const reader = message.reader
  reader.reset(message.source, message.valuesOffset, message.source.length)
  for (let i = 0; i < message.valueCount; i++) {
    const start = reader.position
    reader.skip()
    const end = reader.position
    if (reader.source[start]! < 0x80 || !isMap(reader.source[start]!)) continue
    reader.reset(message.source, start, end)
    const value = tryUnpack(message, slab)
    if (value !== undefined) values.push(value)
    reader.reset(message.source, end, message.source.length)
  }
  for (const part of message.parts ?? []) {
    if (part !== undefined) values.push(unpackValueBytes(part))
  }
  return values
}

function isMap(tag: number): boolean {
  return (tag >= 0x80 && tag <= 0x8f) || tag === 0xde || tag === 0xdf
}

function tryUnpack(message: Message, slab: ByteSlab | undefined): Value | undefined {
  try {
    return unpackValue(message.reader, slab)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
