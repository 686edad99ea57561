// SPDX-License-Identifier: MIT
// Ciphertexts and hashes of the C++ implementation, and how it reacts to damaged ones.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { PkId } from '../../../src/core/id/pk-id.ts'
import { aesDecrypt, aesEncrypt } from '../../../src/crypto/aes.ts'
import { CryptoError } from '../../../src/crypto/errors.ts'
import { hash } from '../../../src/crypto/hash.ts'
import type { PrivateKey } from '../../../src/crypto/private-key.ts'
import { keysByLabel, VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface EncryptionVectors {
  encrypted: {
    key_label: string
    key_bits: number
    plaintext_len: number
    plaintext_hex: string
    ciphertext_hex?: string
    aes_key_hex?: string
    tampered_rsa_block?: string
    tampered_last_byte?: string
    truncated_by_one?: string
    encrypt_error?: string
  }[]
}

interface AesVectors {
  with_key: {
    key_hex: string
    plaintext_hex: string
    encrypted_hex: string
    decrypt_error?: string
  }[]
  bad_key_sizes: { key_len: number; result: string }[]
}

interface HashVectors {
  vector_form: { data_hex: string; hash_length: number; hash_hex: string }[]
  buffer_form: { hash_length: number; hash_hex?: string }[]
  infohash: Record<string, string>
}

for (const version of VERSIONS) {
  suite(`encryption with public keys of ${version}`, async () => {
    const keys = await keysByLabel(version)
    const { encrypted } = loadVectors<EncryptionVectors>(`crypto/${version}/public_key_encryption`)

    for (const vector of encrypted) {
      const key = keys.get(vector.key_label)!
      const plaintext = fromHex(vector.plaintext_hex)

      if (vector.ciphertext_hex === undefined) {
        test(`${vector.plaintext_len} bytes for ${vector.key_label} are refused`, async () => {
          const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_UNSUPPORTED', message: /RSA/ }
          assert.match(vector.encrypt_error!, /RSA/)
          assert.throws(() => key.publicKey.encrypt(plaintext), expected)
          assert.throws(() => key.decryptSync(plaintext), expected)
          await assert.rejects(key.decrypt(plaintext), expected)
        })
        continue
      }
      const ciphertext = fromHex(vector.ciphertext_hex)

      test(`${vector.plaintext_len} bytes for ${vector.key_label}`, async () => {
        assert.equal(key.publicKey.bits, vector.key_bits)
        assert.deepEqual(await key.decrypt(ciphertext), plaintext)
        assert.deepEqual(key.decryptSync(ciphertext), plaintext)
        const own = key.publicKey.encrypt(plaintext)
        assert.equal(own.length, ciphertext.length)
        assert.notDeepEqual(own, ciphertext)
        assert.deepEqual(await key.decrypt(own), plaintext)
      })

      test(`${vector.plaintext_len} bytes for ${vector.key_label}, damaged`, async () => {
        const size = vector.key_bits / 8
        const damaged: [reaction: string | undefined, bytes: Uint8Array][] = [
          [vector.tampered_rsa_block, flipped(ciphertext, size >> 1)],
          [vector.tampered_last_byte, flipped(ciphertext, ciphertext.length - 1)],
          [vector.truncated_by_one, ciphertext.subarray(0, -1)],
        ]
        for (const [reaction, bytes] of damaged) {
          assert.match(reaction!, /^throws/)
          await refuses(key, bytes)
        }
      })

      if (vector.aes_key_hex === undefined) continue
      test(`${vector.plaintext_len} bytes for ${vector.key_label} are sealed by AES`, () => {
        const sealed = ciphertext.subarray(vector.key_bits / 8)
        assert.deepEqual(aesDecrypt(sealed, fromHex(vector.aes_key_hex!)), plaintext)
      })
    }
  })

  suite(`AES of ${version}`, () => {
    const { with_key, bad_key_sizes } = loadVectors<AesVectors>(`crypto/${version}/aes`)

    test('ciphertexts are opened, and our own have their form', () => {
      for (const vector of with_key) {
        const key = fromHex(vector.key_hex)
        const plaintext = fromHex(vector.plaintext_hex)
        const encrypted = fromHex(vector.encrypted_hex)
        // The original cannot decrypt what is empty, though it encrypts it.
        assert.equal(vector.decrypt_error !== undefined, plaintext.length === 0)
        assert.deepEqual(aesDecrypt(encrypted, key), plaintext)
        const own = aesEncrypt(plaintext, key)
        assert.equal(own.length, encrypted.length)
        assert.deepEqual(aesDecrypt(own, key), plaintext)
      }
    })

    test('keys of other sizes are refused', () => {
      for (const { key_len, result } of bad_key_sizes) {
        assert.match(result, /key size/)
        const key = new Uint8Array(key_len)
        const expected = { name: 'RangeError', message: /16, 24 or 32 bytes/ }
        assert.throws(() => aesEncrypt(new Uint8Array(5), key), expected)
        assert.throws(() => aesDecrypt(new Uint8Array(50), key), expected)
      }
    })
  })

  suite(`hashes of ${version}`, () => {
    const vectors = loadVectors<HashVectors>(`crypto/${version}/hash`)

    test('the length chooses the algorithm', () => {
      for (const { data_hex, hash_length, hash_hex } of vectors.vector_form) {
        assert.equal(toHex(hash(fromHex(data_hex), hash_length)), hash_hex)
      }
      const data = fromHex(vectors.vector_form[0]!.data_hex)
      for (const { hash_length, hash_hex } of vectors.buffer_form) {
        if (hash_hex !== undefined) assert.equal(toHex(hash(data, hash_length)), hash_hex)
      }
      assert.equal(hash(data).length, 64)
    })

    test('ids are hashes', () => {
      assert.equal(InfoHash.get('123').toString(), vectors.infohash['InfoHash.get 123'])
      assert.equal(PkId.get('123').toString(), vectors.infohash['PkId.get 123'])
      assert.equal(InfoHash.get('').toString(), vectors.infohash['InfoHash.get empty string'])
    })
  })
}

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice()
  copy[index]! ^= 1
  return copy
}

async function refuses(key: PrivateKey, bytes: Uint8Array): Promise<void> {
  const isExpected = (error: unknown) =>
    error instanceof CryptoError && error.code === 'ERR_CRYPTO_DECRYPT'
  await assert.rejects(key.decrypt(bytes), isExpected)
  assert.throws(() => key.decryptSync(bytes), isExpected)
}
