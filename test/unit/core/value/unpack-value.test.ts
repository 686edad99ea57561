// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { WireError } from '../../../../src/core/errors.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { packedValue, toSignBytes } from '../../../../src/core/value/pack-value.ts'
import { unpackValue, unpackValueBytes } from '../../../../src/core/value/unpack-value.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const OWNER = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const SIGNATURE = new Uint8Array(64).fill(7)
const PLAIN = { type: 0, data: new Uint8Array([1, 2]) }
const SIGNED = { seq: 3, owner: OWNER, ...PLAIN }

function unpack(value: unknown): Value {
  return unpackValueBytes(encode(value, { useBigInt64: true }))
}

function unpackBody(body: unknown, sig: unknown = SIGNATURE): Value {
  return unpack({ id: 1, dat: { body, sig } })
}

suite('unpackValue()', () => {
  test('reads entries in any order, skips unknown ones, takes the last of a repeated one', () => {
    const value = unpack({
      zz: [1, { a: null }],
      dat: { extra: 1.5, body: { data: PLAIN.data, new: true, type: 9 } },
      id: 5,
    })
    assert.deepEqual(value, new Value({ id: 5n, type: 9, data: PLAIN.data }))

    const twice = new Uint8Array([0x83, 0xa2, 0x69, 0x64, 0x01, ...encode('dat')])
    const rest = [...encode({ body: PLAIN }), 0xa2, 0x69, 0x64, 0x02]
    assert.equal(unpackValueBytes(new Uint8Array([...twice, ...rest])).id, 2n)
  })

  test('skips entries whose key is not text', () => {
    const bytes = [0x83, 0xc4, 0x02, 0x69, 0x64, 0x07, ...encode('id'), 0x01]
    const value = unpackValueBytes(
      new Uint8Array([...bytes, ...encode('dat'), ...encode({ body: PLAIN })]),
    )
    assert.equal(value.id, 1n)
  })

  test('reads data as bin, str or array of integers', () => {
    for (const data of [new Uint8Array([104, 105]), 'hi', [104, 105]]) {
      assert.deepEqual(unpackBody({ type: 0, data }).data, new Uint8Array([104, 105]))
    }
    assert.throws(() => unpackBody({ type: 0, data: [256] }), WireError)
    assert.throws(() => unpackBody({ type: 0, data: null }), WireError)
  })

  test('requires id, dat, body, type and data', () => {
    for (const value of [
      {},
      [],
      { id: 1 },
      { dat: { body: PLAIN } },
      { id: 1, dat: {} },
      { id: 1, dat: 'text' },
      { id: 1, dat: { body: { type: 0 } } },
      { id: 1, dat: { body: { data: PLAIN.data } } },
      { id: '1', dat: { body: PLAIN } },
      { id: -1, dat: { body: PLAIN } },
    ]) {
      assert.throws(() => unpack(value), WireError)
    }
  })

  test('refuses integers out of range', () => {
    for (const type of [65_536, -1, 1.5, 'x', 2n ** 63n]) {
      assert.throws(() => unpackBody({ ...PLAIN, type }), WireError)
    }
    for (const seq of [65_536, -1, null]) {
      assert.throws(() => unpackBody({ ...SIGNED, seq }), WireError)
    }
    for (const p of [-1, 2 ** 32, 'high']) {
      assert.throws(() => unpack({ id: 1, dat: { body: PLAIN }, p }), WireError)
    }
  })

  test('ignores what only makes sense with an owner when there is none', () => {
    const value = unpackBody({ ...PLAIN, seq: 'x', to: 'y' }, 'z')
    assert.deepEqual(value, new Value({ id: 1n, data: PLAIN.data }))
  })

  test('requires seq and a signature with an owner', () => {
    assert.ok(unpackBody(SIGNED).isSigned)
    assert.throws(() => unpackBody({ owner: OWNER, ...PLAIN }), WireError)
    assert.throws(() => unpack({ id: 1, dat: { body: SIGNED } }), WireError)
    assert.throws(() => unpackBody(SIGNED, new Uint8Array(0)), WireError)
    assert.throws(() => unpackBody(SIGNED, 5), WireError)
  })

  test('requires an owner that is a public key, in DER or PEM', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    for (const owner of [OWNER, [...OWNER], pem, `${pem}\0`, new TextEncoder().encode(pem)]) {
      assert.deepEqual(unpackBody({ ...SIGNED, owner }).owner, OWNER)
    }
    for (const owner of ['', 'key', OWNER.slice(0, -1), new Uint8Array(20), 7]) {
      assert.throws(() => unpackBody({ ...SIGNED, owner }), WireError)
    }
  })

  test('reads the recipient, where zero means none', () => {
    const recipient = InfoHash.get('bob')
    const value = unpackBody({ ...SIGNED, to: recipient.toBytes() })
    assert.deepEqual(value.recipient, recipient)
    const none = unpackBody({ ...SIGNED, to: new Uint8Array(20) })
    assert.equal(none.recipient, undefined)
    assert.deepEqual(toSignBytes(none), encode(SIGNED))
    for (const to of [new Uint8Array(19), new Uint8Array(21), 'x'.repeat(20)]) {
      assert.throws(() => unpackBody({ ...SIGNED, to }), WireError)
    }
  })

  test('refuses a user type that is not UTF-8: it could not be written again', () => {
    assert.equal(unpackBody({ ...PLAIN, utype: 'é' }).userType, 'é')
    assert.equal(unpackBody({ ...PLAIN, utype: new TextEncoder().encode('é') }).userType, 'é')
    assert.throws(() => unpackBody({ ...PLAIN, utype: new Uint8Array([0xe9]) }), WireError)
    assert.throws(
      () => unpack({ id: 1, dat: { body: PLAIN }, pt: new Uint8Array([0xff]) }),
      WireError,
    )
  })

  test('refuses an empty cypher', () => {
    assert.equal(unpack({ id: 1, dat: new Uint8Array(1) }).cypher.length, 1)
    assert.throws(() => unpack({ id: 1, dat: new Uint8Array(0) }), WireError)
  })

  test('leaves the reader behind the value', () => {
    const bytes = encode([{ dat: { body: PLAIN }, id: 1, p: 1 }, 42])
    const reader = new MsgpackReader(bytes)
    reader.arrayHeader()
    assert.equal(unpackValue(reader).priority, 1)
    assert.equal(reader.unsigned(100), 42)
    assert.equal(reader.position, bytes.length)
  })

  test('keeps no view into the datagram, not even into a Buffer', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    for (const dat of [{ body: { ...SIGNED, owner: pem }, sig: SIGNATURE }, SIGNATURE]) {
      const datagram = Buffer.from(encode({ id: 1, dat }))
      const value = unpackValue(new MsgpackReader(datagram))
      const before = packedValue(value)
      datagram.fill(0)
      assert.deepEqual(packedValue(value), before)
    }
  })
})
