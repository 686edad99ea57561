// SPDX-License-Identifier: MIT
// Keys stretched from passwords and bundles under passwords, as the C++ implementation makes them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aesDecrypt } from '../../../src/crypto/aes.ts'
import { argon2i } from '../../../src/crypto/argon2.ts'
import { hash } from '../../../src/crypto/hash.ts'
import {
  aesBuildEncrypted,
  aesDecryptWithPassword,
  aesEncryptWithPassword,
  aesGetEncrypted,
  aesGetKey,
  aesGetSalt,
  stretchKey,
} from '../../../src/crypto/password.ts'
import { VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface PasswordVectors {
  with_password: {
    password: string
    plaintext_hex: string
    bundle_hex: string
    salt_hex: string
    aes_key_hex: string
    wrong_password: string
  }[]
  stretch_key: {
    password: string
    salt_hex: string
    key_length: number
    key_hex?: string
    returned_length?: number
    error?: string
  }[]
}

const derived = new Map<string, Promise<Uint8Array>>()

for (const version of VERSIONS) {
  suite(`passwords of ${version}`, () => {
    const vectors = loadVectors<PasswordVectors>(`crypto/${version}/aes`)

    test('keys are stretched the same', async () => {
      for (const { password, salt_hex, key_length, ...expected } of vectors.stretch_key) {
        const salt = fromHex(salt_hex)
        if (expected.error !== undefined) {
          await assert.rejects(stretchKey(password, salt, key_length), RangeError)
          continue
        }
        const key = hash(await argon2iOnce(password, salt), key_length)
        assert.equal(toHex(key), expected.key_hex)
        assert.equal(key.length, expected.returned_length)
      }
    })

    test('keys and contents of bundles are the same', { concurrency: true }, async (t) => {
      const bundles = vectors.with_password.map((vector, index) =>
        t.test(`bundle ${index} under "${vector.password}"`, async () => {
          const bundle = fromHex(vector.bundle_hex)
          assert.equal(toHex(aesGetSalt(bundle)), vector.salt_hex)
          const key = await aesGetKey(bundle, vector.password)
          assert.equal(toHex(key), vector.aes_key_hex)
          const encrypted = aesGetEncrypted(bundle)
          assert.equal(toHex(aesDecrypt(encrypted, key)), vector.plaintext_hex)
          assert.deepEqual(aesBuildEncrypted(encrypted, fromHex(vector.salt_hex)), bundle)
        }),
      )
      await Promise.all(bundles)
    })
  })
}

test('our own bundles have the same form, and only their password opens them', async () => {
  const { with_password } = loadVectors<PasswordVectors>('crypto/v4.3.1/aes')
  const { bundle_hex, password, plaintext_hex, salt_hex, wrong_password } = with_password[5]!
  const salt = fromHex(salt_hex)
  const bundle = await aesEncryptWithPassword(fromHex(plaintext_hex), password, salt)
  assert.equal(bundle.length, fromHex(bundle_hex).length)
  assert.equal(toHex(aesGetSalt(bundle)), salt_hex)
  assert.notEqual(toHex(bundle), bundle_hex)
  assert.equal(toHex(await aesDecryptWithPassword(bundle, password)), plaintext_hex)
  assert.match(wrong_password, /^DecryptError/)
  await assert.rejects(aesDecryptWithPassword(bundle, `${password} `), {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_PASSWORD',
  })
})

/** The lengths of a key share this, and it takes a second. */
function argon2iOnce(password: string, salt: Uint8Array): Promise<Uint8Array> {
  const name = `${password} ${toHex(salt)}`
  const known = derived.get(name) ?? argon2i(Buffer.from(password), salt)
  derived.set(name, known)
  return known
}
