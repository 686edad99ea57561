// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packImMessage, readImMessage } from '../../../src/cli/chat/im-message.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface Recorded {
  readonly payloads: readonly { readonly type: string; readonly data: string }[]
}

const RECORDED = loadVectors<Recorded>('core/value-types')
  .payloads.filter(({ type }) => type === 'ImMessage')
  .map(({ data }) => data)

test('messages of C++ nodes are read', () => {
  assert.deepEqual(
    RECORDED.map((data) => readImMessage(fromHex(data))),
    [
      { id: 42n, text: 'hi there', sentAt: 1_700_000_000 },
      { id: 42n, text: 'hi', sentAt: 0 },
    ],
  )
})

test('a message is written as C++ nodes write it', () => {
  const packed = packImMessage({ id: 42n, text: 'hi', sentAt: 0 })
  assert.equal(toHex(packed), RECORDED[1])
  const large = { id: 0xffff_ffff_ffff_ffffn, text: 'x', sentAt: 2 ** 31 }
  assert.deepEqual(readImMessage(packImMessage(large)), large)
})

test('what is none is none', () => {
  const whole = packImMessage({ id: 1n, text: 'text', sentAt: 5 })
  for (let length = 0; length < whole.length; length++) {
    assert.equal(readImMessage(whole.subarray(0, length)), undefined, `${length} bytes`)
  }
  assert.equal(readImMessage(fromHex('81a26964a178')), undefined, 'a text as id')
  assert.equal(readImMessage(fromHex('dfffffffff')), undefined, 'entries that are not there')
})
