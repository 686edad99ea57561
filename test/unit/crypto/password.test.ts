// SPDX-License-Identifier: MIT
// AES and passwords at their edges. Argon2 is slow, so what needs it is left to the recorded
// vectors, except for its two implementations giving the same.
// test-timeout-s: 180

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aesDecrypt, aesEncrypt } from '../../../src/crypto/aes.ts'
import { argon2i, argon2iPortable } from '../../../src/crypto/argon2.ts'
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

const key = new Uint8Array(32).fill(1)
const DECRYPT = { name: 'CryptoError', code: 'ERR_CRYPTO_DECRYPT' }

suite('AES', () => {
  test('each IV is another one', () => {
    const data = new Uint8Array(10)
    assert.notDeepEqual(aesEncrypt(data, key), aesEncrypt(data, key))
  })

  test('damaged and truncated ciphertexts are refused', () => {
    const data = aesEncrypt(new Uint8Array(20), key)
    for (const index of [0, 12, 31, 32, 47]) {
      const damaged = data.slice()
      damaged[index]! ^= 1
      const expected = { ...DECRYPT, message: /its tag does not match/ }
      assert.throws(() => aesDecrypt(damaged, key), expected)
    }
    for (const length of [0, 1, 27]) {
      const expected = { ...DECRYPT, message: new RegExp(`28 bytes or more, got ${length}`) }
      assert.throws(() => aesDecrypt(data.subarray(0, length), key), expected)
    }
    assert.throws(() => aesDecrypt(data, new Uint8Array(32)), DECRYPT)
  })
})

suite('hash', () => {
  test('lengths that are none are refused', () => {
    for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => hash(key, length), { name: 'RangeError', message: /length must be/ })
    }
    assert.equal(hash(key, 0).length, 0)
  })
})

suite('passwords', () => {
  test('salts of wrong sizes are refused before any work', async () => {
    const short = { name: 'RangeError', message: /salt must have at least 8 bytes: got 7/ }
    await assert.rejects(stretchKey('pw', new Uint8Array(7)), short)
    for (const size of [0, 8, 17]) {
      const expected = { name: 'RangeError', message: /salt must have 16 bytes: got/ }
      await assert.rejects(aesEncryptWithPassword(key, 'pw', new Uint8Array(size)), expected)
      assert.throws(() => aesBuildEncrypted(key, new Uint8Array(size)), expected)
    }
  })

  test('bundles that are too short are refused before any work', async () => {
    for (const size of [0, 15, 16]) {
      const bundle = new Uint8Array(size)
      const expected = { ...DECRYPT, message: /expected 17 bytes or more, got/ }
      assert.throws(() => aesGetSalt(bundle), expected)
      assert.throws(() => aesGetEncrypted(bundle), expected)
      await assert.rejects(aesGetKey(bundle, 'pw'), expected)
      await assert.rejects(aesDecryptWithPassword(bundle, 'pw'), expected)
    }
    const expected = { ...DECRYPT, message: /expected 44 bytes or more, got 43/ }
    await assert.rejects(aesDecryptWithPassword(new Uint8Array(43), 'pw'), expected)
  })

  test('without a salt there is a fresh one, and text is UTF-8', async () => {
    const { key: first, salt } = await stretchKey('pässwörd')
    assert.deepEqual([first.length, salt.length], [64, 16])
    const again = await stretchKey(new TextEncoder().encode('pässwörd'), salt)
    assert.deepEqual(again.key, first)
  })

  test('both implementations of Argon2 give the same, also for no password', async () => {
    const salt = new Uint8Array(16).fill(3)
    const password = new Uint8Array(0)
    assert.deepEqual(await argon2iPortable(password, salt), await argon2i(password, salt))
  })
})
