// SPDX-License-Identifier: MIT
// Storage keys of certificates, against those that C++ nodes published theirs at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unwrapCertificate } from '../../../src/core/value/service-data.ts'
import { unpackValueBytes } from '../../../src/core/value/unpack-value.ts'
import { certificateKeys } from '../../../src/nodejs/certificate-keys.ts'
import { fromHex, loadVectors } from '../../support/vectors.ts'

interface Announcements {
  values: { storage_key: string; id_sha1: string; packed_value: string }[]
}

test('the keys of a published certificate are those of its public key', () => {
  for (const vector of loadVectors<Announcements>('core/certificate-announce').values) {
    const { data } = unpackValueBytes(fromHex(vector.packed_value))
    const keys = certificateKeys(unwrapCertificate(data))?.map(String)
    assert.equal(keys?.[0], vector.id_sha1)
    assert.ok(keys?.includes(vector.storage_key))
  }
})

test('bytes that are no certificate have no keys', () => {
  assert.equal(certificateKeys(new Uint8Array([1, 2, 3])), undefined)
})
