// SPDX-License-Identifier: MIT
// Storage keys of certificates, against those that C++ nodes published theirs at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unwrapCertificate } from '../../../src/core/value/service-data.ts'
import { unpackValueBytes } from '../../../src/core/value/unpack-value.ts'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { certificateKeys } from '../../../src/crypto/certificate-keys.ts'
import { fromHex, loadVectors } from '../../support/vectors.ts'

interface Announcements {
  values: { storage_key: string; id_sha1: string; packed_value: string }[]
}

const announced = loadVectors<Announcements>('core/certificate-announce').values

test('the keys of a published certificate are those of its public key, in every form', () => {
  for (const { packed_value, id_sha1, storage_key } of announced) {
    const { data } = unpackValueBytes(fromHex(packed_value))
    const der = Certificate.from(data).toDer()
    for (const form of [data, unwrapCertificate(data), der, wrap(der)]) {
      const keys = certificateKeys(form)?.map(String)
      assert.equal(keys?.[0], id_sha1)
      assert.ok(keys?.includes(storage_key))
    }
  }
})

test('bytes that are no certificate have no keys', () => {
  const { data } = unpackValueBytes(fromHex(announced[0]!.packed_value))
  const der = Certificate.from(data).toDer()
  const others = [
    new Uint8Array(),
    new Uint8Array([1, 2, 3]),
    data.subarray(0, data.length - 30),
    der.subarray(0, der.length - 1),
    Uint8Array.of(...der, 0),
    wrap(der).subarray(0, der.length),
    new Uint8Array(70_000).fill(0x30),
  ]
  for (const bytes of others) assert.equal(certificateKeys(bytes), undefined)
})

/** As a MessagePack `bin 16`. */
function wrap(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0xc5, bytes.length >> 8, bytes.length & 0xff, ...bytes)
}
