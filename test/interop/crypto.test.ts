// SPDX-License-Identifier: MIT
// Keys, signatures, ciphertexts, password bundles and bytes of values between the C++ library and
// ours: what either makes is read by the other, and what is damaged is refused by both.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { packContent, packedValue } from '../../src/core/value/pack-value.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value, type ValueInit } from '../../src/core/value/value.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { aesDecrypt, aesEncrypt } from '../../src/crypto/aes.ts'
import {
  aesDecryptWithPassword,
  aesEncryptWithPassword,
  stretchKey,
} from '../../src/crypto/password.ts'
import { PrivateKey } from '../../src/crypto/private-key.ts'
import { PublicKey } from '../../src/crypto/public-key.ts'
import { rsaVerifier } from '../../src/crypto/signature-verifier.ts'
import {
  decryptValue,
  encryptValue,
  isSignatureValid,
  signValue,
} from '../../src/secure/secure-value.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import { CppSecure } from '../support/cpp-secure.ts'
import { content, damaged, text } from '../support/interop-kit.ts'

const PASSWORD = 'correct horse Zürich 電池'

/** The key of a side, in both forms. */
interface TestKey {
  readonly key: PrivateKey
  readonly pem: string
  readonly der: Uint8Array
}

type TestValue = Pick<ValueInit, 'type' | 'userType' | 'seq'> & { id: bigint; data: Uint8Array }

let cpp: CppSecure
let rsa: TestKey
let otherRsa: TestKey
let largeRsa: TestKey
let curve: TestKey

describe('crypto', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    cpp = await CppSecure.start()
    rsa = await testKey(await PrivateKey.generate({ bits: 2048 }))
    // One of ours, one of theirs.
    const { key } = await cpp.makeIdentity('key')
    otherRsa = await testKey(await PrivateKey.from(key))
    largeRsa = await testKey(await PrivateKey.generate({ bits: 4096 }))
    curve = await testKey(await PrivateKey.generate({ type: 'ec' }))
  })
  after(() => cpp?.close())

  describe('keys', () => {
    test('of ours have the same ids there', async () => {
      for (const { key, pem } of [rsa, largeRsa, curve]) {
        for (const form of [pem, key.toDer()]) {
          const read = await cpp.privateKey(form)
          assert.deepEqual(read.der, key.publicKey.toDer())
          assert.equal(read.id, key.publicKey.id.toString())
          assert.equal(read.longId, key.publicKey.longId.toString())
        }
        for (const form of [key.publicKey.toPem(), key.publicKey.toDer()]) {
          assert.equal((await cpp.publicKey(form)).longId, key.publicKey.longId.toString())
        }
      }
    })

    for (const type of ['rsa', 'ec'] as const) {
      test(`of theirs have the same ids here: ${type}`, async () => {
        const made = await cpp.makeIdentity('key', { type })
        const { id, longId, text, der } = await cpp.privateKey(made.key)
        const key = await PrivateKey.from(made.key)
        assert.equal(key.publicKey.type, type)
        for (const read of [key.publicKey, PublicKey.from(text), PublicKey.from(der)]) {
          assert.equal(read.id.toString(), id)
          assert.equal(read.longId.toString(), longId)
        }
      })
    }

    test('of theirs are read here with their password', async () => {
      const encrypted = await cpp.exportKey(rsa.pem, PASSWORD)
      assert.match(text(encrypted), /BEGIN ENCRYPTED PRIVATE KEY/)
      const key = await PrivateKey.from(encrypted, PASSWORD)
      assert.ok(key.publicKey.equals(rsa.key.publicKey))
      const code = 'ERR_CRYPTO_PASSWORD'
      await assert.rejects(PrivateKey.from(encrypted, 'wrong'), { code })
      await assert.rejects(PrivateKey.from(encrypted), { code })
    })

    test('that are damaged are refused by both', async () => {
      const der = rsa.key.toDer()
      for (const broken of [der.subarray(0, -7), rsa.pem.replace('MII', 'MIJ'), 'no key at all']) {
        await assert.rejects(PrivateKey.from(broken), { name: 'CryptoError' })
        await assert.rejects(cpp.privateKey(broken), /Exception/)
      }
      const broken = rsa.der.subarray(0, -7)
      assert.throws(() => PublicKey.from(broken), { name: 'CryptoError' })
      await assert.rejects(cpp.publicKey(broken), /Exception/)
    })
  })

  describe('signatures', () => {
    const messages = [0, 1, 64, 1000, 65_536].map((size) => content('message', size))

    test('with RSA are the same on both sides', async () => {
      for (const { key, pem, der } of [rsa, otherRsa]) {
        for (const message of messages) {
          const signature = await key.sign(message)
          assert.deepEqual(await cpp.sign(pem, message), signature)
          assert.ok(key.publicKey.verify(message, signature))
          assert.ok(await cpp.verify(der, message, signature))
        }
      }
    })

    test('on a curve of theirs are verified here', async () => {
      // The other way round is no use: C++ takes no such signature for valid, not even its own.
      for (const message of messages) {
        assert.ok(curve.key.publicKey.verify(message, await cpp.sign(curve.pem, message)))
      }
    })

    test('of something else, or by somebody else, are refused by both', async () => {
      const [, , message] = messages as [Uint8Array, Uint8Array, Uint8Array]
      const signature = await rsa.key.sign(message)
      const wrong: [key: TestKey, message: Uint8Array, signature: Uint8Array][] = [
        [rsa, damaged(message, 7), signature],
        [rsa, message.subarray(1), signature],
        [rsa, message, damaged(signature, 0)],
        [rsa, message, damaged(signature, 255)],
        [rsa, message, signature.subarray(1)],
        [rsa, message, new Uint8Array()],
        [otherRsa, message, signature],
      ]
      for (const [{ key, der }, data, claimed] of wrong) {
        assert.equal(key.publicKey.verify(data, claimed), false)
        assert.equal(await cpp.verify(der, data, claimed), false)
      }
    })
  })

  describe('encryption', () => {
    for (const bits of [2048, 4096]) {
      test(`for ${bits} bits is undone by the other side`, async () => {
        const { key, pem, der } = bits === 4096 ? largeRsa : otherRsa
        const fits = bits / 8 - 11
        for (const size of [0, 1, fits - 1, fits, fits + 1, bits / 8, 5000]) {
          const data = content(`${bits}`, size)
          const [there, here] = await Promise.all([
            cpp.decrypt(pem, key.publicKey.encrypt(data)),
            cpp.encrypt(der, data).then((encrypted) => key.decrypt(encrypted)),
          ])
          assert.deepEqual(there, data, `${size} bytes`)
          assert.deepEqual(here, data, `${size} bytes`)
        }
      })
    }

    test('that is damaged, cut off or for others is refused by both', async () => {
      const block = rsa.key.publicKey.encrypt(content('one block', 100))
      const hybrid = rsa.key.publicKey.encrypt(content('hybrid', 1000))
      const wrong = [
        damaged(block, 1),
        damaged(block, 200),
        damaged(hybrid, 2),
        damaged(hybrid, 256),
        damaged(hybrid, 300),
        damaged(hybrid, hybrid.length - 1),
        hybrid.subarray(0, -1),
        block.subarray(1),
        new Uint8Array(),
        otherRsa.key.publicKey.encrypt(content('other', 1000)),
      ]
      for (const data of wrong) {
        await assert.rejects(rsa.key.decrypt(data), { code: 'ERR_CRYPTO_DECRYPT' })
        await assert.rejects(cpp.decrypt(rsa.pem, data), /DecryptError/)
      }
    })

    test('with AES keys of all sizes is undone by the other side', async () => {
      for (const size of [16, 24, 32]) {
        const key = content('key', size)
        for (const length of [1, 16, 4000]) {
          const data = content('data', length)
          assert.deepEqual(await cpp.aesDecrypt(aesEncrypt(data, key), key), data)
          assert.deepEqual(aesDecrypt(await cpp.aesEncrypt(data, key), key), data)
        }
        const broken = damaged(aesEncrypt(content('data', 16), key), 20)
        assert.throws(() => aesDecrypt(broken, key), { code: 'ERR_CRYPTO_DECRYPT' })
        await assert.rejects(cpp.aesDecrypt(broken, key), /DecryptError/)
      }
    })
  })

  describe('passwords', () => {
    // Each derivation takes a second of work.
    test('give the same keys', async () => {
      const salt = content('salt', 16)
      const [{ key }, theirs] = await Promise.all([
        stretchKey(PASSWORD, salt, 64),
        cpp.stretchKey(PASSWORD, salt, 64),
      ])
      assert.deepEqual(theirs, key)
    })

    test('open bundles of the other side, and wrong ones do not', async () => {
      const data = content('bundle', 1000)
      const [ours, theirs] = await Promise.all([
        aesEncryptWithPassword(data, PASSWORD),
        cpp.aesEncrypt(data, PASSWORD),
      ])
      assert.equal(ours.length, theirs.length)
      const code = 'ERR_CRYPTO_PASSWORD'
      await Promise.all([
        cpp.aesDecrypt(ours, PASSWORD).then((opened) => assert.deepEqual(opened, data)),
        aesDecryptWithPassword(theirs, PASSWORD).then((opened) => assert.deepEqual(opened, data)),
        assert.rejects(cpp.aesDecrypt(ours, 'wrong'), /DecryptError/),
        assert.rejects(aesDecryptWithPassword(theirs, 'wrong'), { code }),
      ])
    })
  })

  describe('values', () => {
    const inits: TestValue[] = [
      { id: 1n, data: content('value', 0) },
      { id: 2n ** 64n - 1n, data: content('value', 300), type: 3, seq: 65_535 },
      { id: 5n, data: content('value', 60_000), userType: 'text/plain', seq: 128 },
    ]

    test('that are signed are the same bytes on both sides', async () => {
      for (const init of inits) {
        const theirs = await cpp.packValue({ ...init, key: rsa.pem })
        const signed = await signValue(new Value(init), rsa.key)
        assert.deepEqual(Buffer.from(packedValue(signed)), Buffer.from(theirs))
        const read = unpackValueBytes(theirs)
        assert.ok(isSignatureValid(read, rsaVerifier))
        assertContent(read, init)
        const { value, isAuthentic } = await cpp.unpackValue(packedValue(signed))
        assert.ok(isAuthentic)
        assert.equal(value.owner, rsa.key.publicKey.id.toString())
        assert.equal(value.seq, init.seq ?? 0)
        assert.deepEqual(value.data, init.data)
      }
    })

    test('that are encrypted are read by the other side, and by nobody else', async () => {
      for (const init of inits) {
        const { id, data, type = 0, userType = '', seq = 0 } = init
        const fields = { id, data, type, userType, seq }
        const ours = await encryptValue(new Value(init), rsa.key, otherRsa.key.publicKey)
        const { value, isAuthentic } = await cpp.unpackValue(packedValue(ours), otherRsa.pem)
        assert.ok(isAuthentic)
        const { owner, recipient, ...rest } = value
        assert.deepEqual({ ...rest, size: 0, text: '' }, { ...fields, size: 0, text: '' })
        assert.equal(owner, rsa.key.publicKey.id.toString())
        assert.equal(recipient, otherRsa.key.publicKey.id.toString())
        await assert.rejects(cpp.unpackValue(packedValue(ours), rsa.pem), /DecryptError/)

        const packed = await cpp.packValue({ ...fields, key: rsa.pem, recipient: otherRsa.der })
        const theirs = unpackValueBytes(packed)
        assert.ok(theirs.isEncrypted)
        const opened = await decryptValue(theirs, otherRsa.key, rsaVerifier)
        assertContent(opened, init)
        assert.equal(opened.ownerId?.toString(), rsa.key.publicKey.id.toString())
        assert.equal(opened.recipient?.toString(), otherRsa.key.publicKey.id.toString())
        await assert.rejects(decryptValue(theirs, rsa.key, rsaVerifier), {
          code: 'ERR_CRYPTO_DECRYPT',
        })
      }
    })

    test('that were altered are refused by both', async () => {
      const signed = await signValue(new Value(inits[1]), rsa.key)
      const alterations: ValueInit[] = [
        { data: damaged(signed.data, 0) },
        { seq: 1 },
        { type: 0 },
        { userType: 'text/plain' },
        { owner: otherRsa.der },
        { recipient: rsa.key.publicKey.id },
        { signature: damaged(signed.signature, 0) },
      ]
      for (const alteration of alterations) {
        const altered = new Value({ ...signed, ...alteration })
        assert.equal(isSignatureValid(altered, rsaVerifier), false)
        const { isSigned, isAuthentic } = await cpp.unpackValue(packedValue(altered))
        assert.ok(isSigned)
        assert.equal(isAuthentic, false, Object.keys(alteration).join())
      }
    })

    test('that somebody forged before encrypting them are refused by both', async () => {
      const recipient = otherRsa.key.publicKey
      const signed = await signValue(new Value({ ...inits[1], recipient: recipient.id }), rsa.key)
      const plain = new Value({ ...signed, data: damaged(signed.data, 0) })
      const forged = new Value({ id: plain.id, cypher: recipient.encrypt(contentOf(plain)) })
      await assert.rejects(decryptValue(forged, otherRsa.key, rsaVerifier), {
        code: 'ERR_CRYPTO_SIGNATURE',
      })
      await assert.rejects(cpp.unpackValue(packedValue(forged), otherRsa.pem), /DecryptError/)
    })
  })
})

async function testKey(key: PrivateKey): Promise<TestKey> {
  return { key, pem: await key.toPem(), der: key.publicKey.toDer() }
}

function assertContent(value: Value, init: ValueInit): void {
  const { id, type, data, userType, seq } = value
  const defaults = { type: 0, userType: '', seq: 0 }
  assert.deepEqual({ id, type, data, userType, seq }, { ...defaults, ...init })
}

function contentOf(value: Value): Uint8Array {
  const writer = new MsgpackWriter()
  packContent(writer, value)
  return writer.take()
}
