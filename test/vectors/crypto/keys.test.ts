// SPDX-License-Identifier: MIT
// Keys that the C++ implementation made or was given: how they are read, what they are called, and
// what they sign.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { CryptoError } from '../../../src/crypto/errors.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { PublicKey } from '../../../src/crypto/public-key.ts'
import { RsaVerifier } from '../../../src/crypto/signature-verifier.ts'
import { identityVectors, keysByLabel, VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface SignatureVectors {
  signatures: {
    key_label: string
    message_name: string
    message_hex: string
    signature_hex: string
    checkSignature: boolean
  }[]
}

interface KeyImportVectors {
  cases: {
    name: string
    encoding: 'pem' | 'der'
    data_hex: string
    password: string | null
    expected_id: string
    'result_2.4.12': string
    'result_4.3.1': string
  }[]
}

for (const version of VERSIONS) {
  suite(`keys of ${version}`, () => {
    const identities = identityVectors(version)

    test('public keys are read and written the same, and have the same ids', () => {
      for (const vector of identities) {
        const der = fromHex(vector.public_key_der_hex)
        const pem = vector.public_key_pem
        // OpenDHT 2 leaves a zero byte at the end of the text.
        const text = vector.toString_has_trailing_nul ? `${pem}\0` : pem
        for (const input of [der, text, Buffer.from(text)]) {
          const key = PublicKey.from(input)
          assert.deepEqual(key.toDer(), der)
          assert.equal(key.toPem(), pem)
          assert.equal(key.id.toString(), vector.id_sha1)
          assert.equal(key.longId.toString(), vector.long_id_sha256)
          assert.equal(key.id.toString(), vector.certificate_key_2_x)
          const place = InfoHash.get(key.longId.toBytes())
          assert.equal(place.toString(), vector.certificate_key_4_x)
        }
      }
    })

    test('private keys are read and written the same', async () => {
      for (const vector of identities) {
        const key = await PrivateKey.from(vector.private_key_pem)
        assert.equal(toHex(key.publicKey.toDer()), vector.public_key_der_hex)
        // The original names the curve once more inside, which RFC 5915 leaves open.
        if (key.publicKey.type === 'ec') continue
        assert.equal(await key.toPem(), vector.private_key_pem)
      }
    })

    test('private keys under a password are the same keys', async () => {
      for (const vector of identities) {
        const { private_key_pem_encrypted: pem, private_key_password: password } = vector
        const key = await PrivateKey.from(pem, password)
        const plain = await PrivateKey.from(vector.private_key_pem)
        assert.deepEqual(key.toDer(), plain.toDer())
      }
    })
  })

  suite(`signatures of ${version}`, async () => {
    const keys = await keysByLabel(version)
    const { signatures } = loadVectors<SignatureVectors>(`crypto/${version}/signatures`)

    for (const vector of signatures) {
      const key = keys.get(vector.key_label)!
      const { publicKey } = key
      const message = fromHex(vector.message_hex)
      const signature = fromHex(vector.signature_hex)

      test(`of ${vector.key_label} over a message that is ${vector.message_name}`, async () => {
        // The original cannot check signatures on elliptic curves, not even its own.
        assert.equal(vector.checkSignature, publicKey.type === 'rsa')
        assert.ok(publicKey.verify(message, signature))
        const verifier = new RsaVerifier()
        const verdict = verifier.verify(publicKey.toDer(), message, signature)
        assert.equal(verdict, vector.checkSignature)
        for (const index of [0, signature.length >> 1, signature.length - 1]) {
          const damaged = signature.slice()
          damaged[index]! ^= 1
          assert.ok(!publicKey.verify(message, damaged))
        }
        const own = [await key.sign(message), key.signSync(message)]
        for (const bytes of own) {
          assert.ok(publicKey.verify(message, bytes))
          if (publicKey.type === 'rsa') assert.equal(toHex(bytes), vector.signature_hex)
        }
      })
    }
  })
}

suite('encodings of private keys', () => {
  const { cases } = loadVectors<KeyImportVectors>('crypto/key_import')

  for (const vector of cases) {
    const { name, data_hex, expected_id } = vector
    const results = [vector['result_2.4.12'], vector['result_4.3.1']]
    const password = vector.password ?? undefined

    test(`${name} as ${vector.encoding}`, async () => {
      const data = fromHex(data_hex)
      const inputs = vector.encoding === 'pem' ? [data, Buffer.from(data).toString()] : [data]
      for (const input of inputs) {
        if (results.includes(`id ${expected_id}`)) {
          const key = await PrivateKey.from(input, password)
          assert.equal(key.publicKey.id.toString(), expected_id)
          continue
        }
        const isPassword = results.every((result) => result.startsWith('DecryptError'))
        const code = isPassword ? 'ERR_CRYPTO_PASSWORD' : 'ERR_CRYPTO_KEY'
        await assert.rejects(
          PrivateKey.from(input, password),
          (error) => error instanceof CryptoError && error.code === code,
        )
      }
    })
  }
})
