// SPDX-License-Identifier: MIT
// Signed and encrypted values that C++ nodes of two versions made.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packContent, packedValue, toSignBytes } from '../../../src/core/value/pack-value.ts'
import { unpackValueBytes } from '../../../src/core/value/unpack-value.ts'
import { Value } from '../../../src/core/value/value.ts'
import { MsgpackWriter } from '../../../src/core/wire/msgpack-writer.ts'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { rsaVerifier } from '../../../src/crypto/signature-verifier.ts'
import { certificateValue, publicationKeys } from '../../../src/secure/publication.ts'
import {
  decryptValue,
  encryptValue,
  isSignatureValid,
  signValue,
} from '../../../src/secure/secure-value.ts'
import { identityVectors, keysByLabel, VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface PackedVector {
  label: string
  packed_hex: string
  to_sign_hex: string
  signature_hex: string
  to_encrypt_or_dat_hex: string
  id: string
  seq: number
  type: number
  data_hex: string
  recipient: string
  owner_id: string
  checkSignature: boolean
}

interface EncryptedVector {
  from: string
  to: string
  encrypted: PackedVector
  decrypted: PackedVector
  case?: string
  packed_hex: string
  result: string
}

interface ValueVectors {
  signed: PackedVector[]
  encrypted: EncryptedVector[]
  certificate: PackedVector[]
}

for (const version of VERSIONS) {
  const vectors = loadVectors<ValueVectors>(`crypto/${version}/values`)

  describe(`values of ${version}`, () => {
    for (const vector of vectors.signed) {
      it(vector.label, async () => {
        const value = unpackValueBytes(fromHex(vector.packed_hex))
        assert.equal(toHex(packedValue(value)), vector.packed_hex)
        assert.equal(toHex(toSignBytes(value)), vector.to_sign_hex)
        assert.equal(`${value.ownerId}`, vector.owner_id)
        assert.equal(isSignatureValid(value, rsaVerifier), vector.checkSignature)
        const altered = new Value({ ...value, seq: value.seq ^ 1 })
        assert.ok(!isSignatureValid(altered, rsaVerifier))
        if (!vector.checkSignature) return
        // The same key makes the same signature.
        const keys = await keysByLabel(version)
        const signer = [...keys.values()].find(({ publicKey }) =>
          publicKey.id.equals(value.ownerId!),
        )
        const signed = await signValue(value, signer!)
        assert.equal(toHex(packedValue(signed)), vector.packed_hex)
      })
    }

    for (const vector of vectors.encrypted.filter(({ encrypted }) => encrypted)) {
      it(`encrypted from ${vector.from} to ${vector.to}`, async () => {
        const keys = await keysByLabel(version)
        const value = unpackValueBytes(fromHex(vector.encrypted.packed_hex))
        const recipient = keys.get(vector.to)!
        const opened = await decryptValue(value, recipient, rsaVerifier)
        // We also keep the priority, which is not encrypted.
        const { id, priority } = value
        assert.deepEqual([opened.id, opened.priority], [id, priority])
        assert.equal(toHex(contentOf(opened)), vector.decrypted.to_encrypt_or_dat_hex)
        assert.equal(`${opened.recipient}`, vector.decrypted.recipient)
        const other = keys.get(vector.from)!
        await assert.rejects(decryptValue(value, other, rsaVerifier), {
          code: 'ERR_CRYPTO_DECRYPT',
        })
        // Encrypted by us: the content before encryption is the same.
        const again = await encryptValue(opened, other, recipient.publicKey)
        const reopened = await decryptValue(again, recipient, rsaVerifier)
        assert.equal(toHex(contentOf(reopened)), vector.decrypted.to_encrypt_or_dat_hex)
      })
    }

    for (const vector of vectors.encrypted.filter((it) => it.case)) {
      it(`refused: ${vector.case}`, async () => {
        const value = unpackValueBytes(fromHex(vector.packed_hex))
        const code = vector.result.includes('Signature')
          ? 'ERR_CRYPTO_SIGNATURE'
          : 'ERR_CRYPTO_DECRYPT'
        const recipient = (await keysByLabel(version)).get('device1')!
        await assert.rejects(decryptValue(value, recipient, rsaVerifier), { code })
      })
    }

    for (const vector of vectors.certificate) {
      it(vector.label, () => {
        const value = unpackValueBytes(fromHex(vector.packed_hex))
        const certificate = Certificate.from(value.data)
        assert.equal(toHex(packedValue(certificateValue(certificate))), vector.packed_hex)
        const identity = identityVectors(version).find(
          ({ id_sha1 }) => id_sha1 === `${certificate.id}`,
        )
        assert.deepEqual(publicationKeys(certificate).map(String), [
          identity!.certificate_key_2_x,
          identity!.certificate_key_4_x,
        ])
      })
    }
  })
}

function contentOf(value: Value): Uint8Array {
  const writer = new MsgpackWriter()
  packContent(writer, value)
  return writer.take()
}
