// SPDX-License-Identifier: MIT
// States of registers: their encoding and their order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from '../../../src/core/value/value.ts'
import {
  type CarriedState,
  compareStates,
  GENERATION,
  packState,
  REGISTER_TYPE,
  readState,
} from '../../../src/secure/register-state.ts'
import { derKey } from '../../support/dht-kit.ts'

function carry(revision: number, data: Uint8Array | undefined): Value {
  return new Value({
    seq: revision % GENERATION,
    userType: REGISTER_TYPE,
    data: packState(revision, data),
    owner: derKey(1),
    signature: Uint8Array.of(1),
  })
}

function state(revision: number, ...data: number[]): CarriedState {
  return readState(carry(revision, Uint8Array.from(data)))!
}

test('a state is read as it was written, beyond the range of sequence numbers too', () => {
  for (const revision of [0, 1, 65_535, 65_536, 65_537, 3 * GENERATION + 7, 2 ** 48 - 1]) {
    for (const data of [Uint8Array.of(), Uint8Array.of(1, 2, 3), undefined]) {
      const { value, ...read } = readState(carry(revision, data))!
      assert.deepEqual(read, { revision, data })
      assert.equal(value.seq, revision % GENERATION)
    }
  }
})

test('the layout is the documented one', () => {
  const state = packState(2 * GENERATION + 5, Uint8Array.of(9))
  assert.deepEqual(state, Uint8Array.of(0x92, 2, 0xc4, 1, 9))
  assert.deepEqual(packState(5, undefined), Uint8Array.of(0x91, 0))
})

test('what is no state is none', () => {
  const good = carry(1, Uint8Array.of(1))
  const { signature: _, ...unsigned } = { ...good }
  const wrong: Value[] = [
    new Value({ ...unsigned, owner: undefined }),
    new Value({ ...good, userType: 'text/plain' }),
    ...[[], [0x90], [0x92, 0], [0x92, 0xc3, 0xc4, 0], [0x91, 0xff], [0x91, 0xc4, 0], [0xc1]].map(
      (bytes) => new Value({ ...good, data: Uint8Array.from(bytes) }),
    ),
  ]
  for (const value of wrong) assert.equal(readState(value), undefined, `${value.data}`)
})

test('the higher revision prevails, then the greater bytes of the value', () => {
  const ascending = [
    state(0, 255),
    readState(carry(1, undefined))!,
    state(1),
    state(1, 1),
    state(1, 2),
    state(1, 1, 0),
    state(2),
    state(65_535, 1),
    state(65_536),
  ]
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(Math.sign(compareStates(a, b)), Math.sign(i - j), `${i} and ${j}`)
    }
  }
})
