// SPDX-License-Identifier: MIT
// The decoder against damaged recorded packets and random MessagePack: whatever the bytes, it and
// the readers behind it return or throw WireError.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { WireError } from '../../src/core/errors.ts'
import { unpackFields } from '../../src/core/value/field-value-index.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { decodeMessage, eachFragment } from '../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../src/core/wire/message.ts'
import { announcedSizes, readValues } from '../../src/core/wire/value-list.ts'
import { readCompactNodes } from '../support/node-list.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { toHex } from '../support/vectors.ts'
import { loadCorpus } from './corpus.ts'
import { ItemWriter } from './items.ts'
import { mutate } from './mutate.ts'
import { INPUTS_PER_SEED, SEEDS } from './settings.ts'

const corpus = loadCorpus()
const message = new Message()

suite('Decoding garbage', () => {
  test('the corpus is read without other errors than WireError', () => {
    assert.ok(corpus.length > 200)
    for (const input of corpus) readAll(input)
  })

  for (const seed of SEEDS) {
    test(`${INPUTS_PER_SEED} inputs of seed ${seed} give no other error than WireError`, (t) => {
      const random = new SeededRandom(seed)
      const items = new ItemWriter(random, corpus.slice(0, 50), [1, 0xffffffff])
      let good = 0
      for (let i = 0; i < INPUTS_PER_SEED; i++) {
        const isMutated = random.chance(0.7)
        let input = isMutated ? random.pick(corpus) : items.message()
        if (isMutated || random.chance(0.2)) input = mutate(input, random, random.pick(corpus))
        try {
          if (readAll(input)) good++
        } catch (error) {
          throw new Error(`seed ${seed}, input ${i}: ${toHex(input)}`, { cause: error })
        }
      }
      t.diagnostic(`seed ${seed}: ${good} of ${INPUTS_PER_SEED} inputs were messages`)
      assert.ok(good > INPUTS_PER_SEED / 100, 'enough inputs get through the decoder')
    })
  }
})

/** Reads all that a handler would read. True when the input is a message. */
function readAll(input: Uint8Array): boolean {
  try {
    decodeMessage(message, input)
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
  checkInside(input)
  if (message.kind === Kind.Fragment) {
    onlyWireErrors(() => eachFragment(message, (_index, _offset, data) => void data.length))
  }
  readCompactNodes(message, message.nodes4, 4, 16)
  readCompactNodes(message, message.nodes6, 6, 16)
  if (message.valueCount >= 0) onlyWireErrors(readValueList)
  if (message.fieldsOffset >= 0) {
    message.reader.reset(message.source, message.fieldsOffset, message.source.length)
    onlyWireErrors(() => unpackFields(message.reader))
  }
  return true
}

function readValueList(): void {
  announcedSizes(message)
  for (const value of readValues(message)) {
    // What was read can be stored: it is written as something that reads as the same.
    const packed = packedValue(value)
    assert.deepEqual(packedValue(unpackValueBytes(packed)), packed)
  }
}

/** Views and offsets lie within the datagram. */
function checkInside(input: Uint8Array): void {
  assert.equal(message.source, input)
  for (const { offset, length } of [message.nodes4, message.nodes6, message.ownAddress]) {
    assert.ok(length <= 0 || offset + length <= input.length)
  }
  assert.ok(message.valueCount <= input.length)
  assert.ok(message.fieldsOffset < input.length)
  assert.ok(message.token.length <= input.length)
  assert.ok(message.tid >= 0 && message.tid <= 0xffff_ffff && Number.isInteger(message.tid))
}

function onlyWireErrors(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
}
