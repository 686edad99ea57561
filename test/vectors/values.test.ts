// SPDX-License-Identifier: MIT
// Packed values, bytes to sign and signatures, as the C++ implementation made them.

import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import {
  packContent,
  packedValue,
  packValue,
  toSignBytes,
} from '../../src/core/value/pack-value.ts'
import { unpackContent, unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value } from '../../src/core/value/value.ts'
import { MsgpackReader } from '../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface ValueVector {
  name: string
  packed: string
  size: number
  to_sign?: string
  signature?: string
  signer?: string
  recipient?: string
  plaintext?: string
  cypher?: string
  data?: string
}

interface ValueVectors {
  keys: Record<string, { public_key_der: string; id_sha1: string }>
  values: ValueVector[]
}

const HELLO = new TextEncoder().encode('hello')

/** The values without keys, built from their description instead of from their bytes. */
const BUILT: Record<string, Value> = {
  plain: new Value({ id: 1n, data: HELLO }),
  'plain-empty-maxid': new Value({ id: 0xffff_ffff_ffff_ffffn }),
  'plain-utype-priority (seq set to 5 but not written)': new Value({
    id: 300n,
    data: HELLO,
    userType: 'text/plain',
    priority: 1,
    seq: 5,
  }),
  'plain-type3': new Value({ id: 70_000n, type: 3, data: HELLO }),
  'plain-bin16-type16': new Value({
    id: 5_000_000_000n,
    type: 0x1234,
    data: new Uint8Array(300).fill(0x61),
  }),
  'plain-pushtype': new Value({ id: 2n, data: HELLO, pushType: 'audioCall' }),
}

for (const version of ['2.4.12', '4.3.1']) {
  suite(`values of OpenDHT ${version}`, () => {
    const { keys, values } = loadVectors<ValueVectors>(`core/values-${version}`)

    for (const vector of values) {
      test(`${vector.name}: packs to the same bytes again`, () => {
        const value = unpackValueBytes(fromHex(vector.packed))
        assert.equal(toHex(packedValue(value)), vector.packed)
        assert.equal(value.size, vector.size)
      })

      const built = BUILT[vector.name]
      if (built !== undefined) {
        test(`${vector.name}: is packed alike from fields`, () => {
          const writer = new MsgpackWriter(1)
          packValue(writer, built)
          assert.equal(toHex(writer.take()), vector.packed)
          assert.equal(built.size, vector.size)
        })
      }

      if (vector.signature !== undefined) {
        test(`${vector.name}: has the signature of its owner`, () => {
          const value = unpackValueBytes(fromHex(vector.packed))
          checkSigned(value, vector)
          assert.equal(toHex(value.signature), vector.signature)
        })
      }
      if (vector.to_sign !== undefined) {
        test(`${vector.name}: has the same bytes to sign`, () => {
          const value = unpackValueBytes(fromHex(vector.packed))
          assert.equal(toHex(toSignBytes(value)), vector.to_sign)
        })
      }

      if (vector.plaintext !== undefined) {
        test(`${vector.name}: shows nothing but its cypher`, () => {
          const value = unpackValueBytes(fromHex(vector.packed))
          assert.equal(toHex(value.cypher), vector.cypher)
          assert.ok(value.isEncrypted && !value.isSigned)
          assert.equal(value.type, 0)
          assert.equal(value.owner, undefined)
        })
        test(`${vector.name}: decrypts to a signed content`, () => {
          const outer = unpackValueBytes(fromHex(vector.packed))
          const reader = new MsgpackReader(fromHex(vector.plaintext!))
          const value = unpackContent(reader, outer)
          assert.equal(value.id, outer.id)
          assert.equal(toHex(value.data), vector.data)
          checkSigned(value, vector)
          const writer = new MsgpackWriter()
          packContent(writer, value)
          assert.equal(toHex(writer.take()), vector.plaintext)
        })
      }
    }

    function checkSigned(value: Value, vector: ValueVector): void {
      const signer = keys[vector.signer!]!
      assert.ok(value.isSigned && !value.isEncrypted)
      assert.equal(toHex(value.owner!), signer.public_key_der)
      assert.equal(value.ownerId!.toString(), signer.id_sha1)
      assert.deepEqual(
        value.recipient,
        vector.recipient && InfoHash.fromHex(keys[vector.recipient]!.id_sha1),
      )
      const key = createPublicKey({
        key: Buffer.from(value.owner!),
        format: 'der',
        type: 'spki',
      })
      assert.ok(verify('sha512', toSignBytes(value), key, value.signature))
    }
  })
}
