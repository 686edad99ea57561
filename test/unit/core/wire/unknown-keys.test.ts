// SPDX-License-Identifier: MIT
// Keys that the protocol does not know are passed over, on every level and however much they look
// like known ones.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { decodeMessage } from '../../../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../../../src/core/wire/message.ts'

const ID = InfoHash.get('peer')
/** Of a type that no known key has. */
const NONSENSE = { 1.5: null }

const id = (): Uint8Array => {
  const bytes = new Uint8Array(20)
  ID.writeTo(bytes, 0)
  return bytes
}

test('unknown keys are passed over', () => {
  const names = [
    '',
    'x',
    'tt',
    'T',
    'T\0',
    '\0t',
    '\0\0t',
    't\0',
    'target7',
    'values ',
    'é',
    'token\0s',
  ]
  for (const name of names) {
    const message = new Message()
    const datagram = {
      [name]: NONSENSE,
      a: { [name]: NONSENSE, id: id() },
      q: 'ping',
      t: 7,
      y: 'q',
    }
    decodeMessage(message, encode(datagram))
    assert.deepEqual([message.kind, message.tid], [Kind.Ping, 7], JSON.stringify(name))
    assert.ok(message.id.equals(ID))
  }
})

test('names of contents with a zero byte before them are unknown, too', () => {
  const known = [
    'id',
    'h',
    'w',
    'c',
    'q',
    'target',
    'token',
    'values',
    'fileds',
    'vid',
    'sid',
    've',
  ]
  for (const name of [...known, 'n4', 'n6', 'sa', 'exp', 're']) {
    const message = new Message()
    const a = { id: id(), [`\0${name}`]: NONSENSE }
    decodeMessage(message, encode({ a, q: 'ping', t: 7, y: 'q' }))
    assert.equal(message.kind, Kind.Ping)
  }
})

test('requests with a zero byte before their name are unknown', () => {
  for (const q of ['ping', 'find', 'get', 'put', 'listen', 'update', 'refresh']) {
    for (const name of [`\0${q}`, `${q}\0`, `${q}x`, q.toUpperCase()]) {
      const datagram = encode({ a: { id: id() }, q: name, t: 7, y: 'q' })
      assert.throws(() => decodeMessage(new Message(), datagram), { name: 'WireError' })
    }
  }
})
