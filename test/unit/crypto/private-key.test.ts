// SPDX-License-Identifier: MIT
// Private keys that are made, read, refused and written.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { writeInteger, writeItem, writeOid, writeSequence } from '../../../src/crypto/der-writer.ts'
import { type GenerateKeyOptions, PrivateKey } from '../../../src/crypto/private-key.ts'
import { identityVectors } from '../../support/crypto-vectors.ts'

const vector = identityVectors('v4.3.1').find(({ label }) => label === 'leaf')!
const PEM = vector.private_key_pem
const ENCRYPTED = vector.private_key_pem_encrypted
const PASSWORD = vector.private_key_password
const key = await PrivateKey.from(PEM)
const der = key.toDer()

suite('making private keys', () => {
  test('RSA of the size that is asked for', async () => {
    const made = await PrivateKey.generate({ bits: 2048 })
    assert.deepEqual([made.publicKey.type, made.publicKey.bits], ['rsa', 2048])
    assert.ok(!made.publicKey.equals(key.publicKey))
  })

  test('P-384 for elliptic curves', async () => {
    const made = await PrivateKey.generate({ type: 'ec' })
    assert.deepEqual([made.publicKey.type, made.publicKey.bits], ['ec', 384])
    const message = new Uint8Array(5)
    assert.ok(made.publicKey.verify(message, await made.sign(message)))
    assert.ok(made.publicKey.verify(message, made.signSync(message)))
    const again = await PrivateKey.from(await made.toPem('pw'), 'pw')
    assert.ok(again.publicKey.equals(made.publicKey))
  })

  const refused: [options: unknown, name: string, message: RegExp][] = [
    [{ bits: 1024 }, 'RangeError', /bits must be a multiple of 8 from 2048 to 8192: got 1024/],
    [{ bits: 8200 }, 'RangeError', /got 8200/],
    [{ bits: 2049 }, 'RangeError', /got 2049/],
    [{ bits: 2048.5 }, 'RangeError', /got 2048.5/],
    [{ bits: Number.NaN }, 'RangeError', /got NaN/],
    [{ bits: '4096' }, 'TypeError', /bits must be a number: got string/],
    [{ type: 'dsa' }, 'TypeError', /type must be 'rsa' or 'ec': got dsa/],
    [{ type: 'ec', bits: 256 }, 'RangeError', /bits must be 384 for type 'ec': got 256/],
  ]
  for (const [options, name, message] of refused) {
    test(`${JSON.stringify(options)} is refused`, async () => {
      const making = PrivateKey.generate(options as GenerateKeyOptions)
      await assert.rejects(making, { name, message })
    })
  }
})

suite('reading and writing private keys', () => {
  test('what is written is read again, in all forms', async () => {
    const texts = [await key.toPem(), await key.toPem('')]
    for (const text of texts) assert.equal(text, PEM)
    const locked = await key.toPem('pässword')
    assert.match(locked, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
    assert.notEqual(locked, await key.toPem('pässword'))
    const body = Buffer.from(locked.replace(/-----.*-----/g, ''), 'base64')
    for (const [input, password] of [
      [der, ''],
      [PEM, 'not needed'],
      [Buffer.from(`${PEM}\0`), ''],
      [`some text\r\n${PEM.replaceAll('\n', '\r\n')}`, ''],
      [locked, 'pässword'],
      [body, 'pässword'],
    ] as const) {
      const read = await PrivateKey.from(input, password)
      assert.deepEqual(read.toDer(), der)
    }
  })

  const traditional = key.keyObject.export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'aes-128-cbc',
    passphrase: PASSWORD,
  }) as string
  const pkcs1 = new Uint8Array(key.keyObject.export({ type: 'pkcs1', format: 'der' }))
  const other = generateKeyPairSync('ed25519').privateKey
  const ed25519 = other.export({ type: 'pkcs8', format: 'pem' }) as string

  test('the traditional encryption of OpenSSL is read, too', async () => {
    assert.deepEqual((await PrivateKey.from(traditional, PASSWORD)).toDer(), der)
  })

  type Refusal = [name: string, input: Uint8Array | string, password: string, message: RegExp]
  const locked: Refusal[] = [
    ['a wrong password', ENCRYPTED, 'wrong', /the password is not the expected one/],
    ['no password', ENCRYPTED, '', /encrypted, a password is expected/],
    ['a wrong password, traditional', traditional, 'wrong', /password is not the expected one/],
    ['no password, traditional', traditional, '', /encrypted, a password is expected/],
  ]
  for (const [name, input, password, message] of locked) {
    test(`${name} is refused`, async () => {
      const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_PASSWORD', message }
      await assert.rejects(PrivateKey.from(input, password), expected)
    })
  }

  const labels = /expected one of PRIVATE KEY, ENCRYPTED PRIVATE KEY, RSA PRIVATE KEY, EC/
  const refused: Refusal[] = [
    ['nothing', new Uint8Array(0), '', /expected PKCS#8 in DER/],
    ['empty text', '', '', labels],
    ['truncated PEM', PEM.slice(0, 500), '', /found no whole PEM block/],
    ['truncated base64', PEM.replace(/\n.*\n-----END/, '\n-----END'), '', /expected PKCS#8 in DER/],
    ['truncated DER', der.subarray(0, 700), '', /expected PKCS#8 in DER: .* truncated/],
    ['DER and more', Buffer.concat([der, Buffer.of(0)]), '', /expected PKCS#8 in DER/],
    ['PKCS#1 DER', pkcs1, '', /expected a PKCS#8 key/],
    ['a public key', vector.public_key_pem, '', /found "PUBLIC KEY"/],
    ['a key of another kind', ed25519, '', /expected RSA, or a key on P-256, .* got ed25519/],
    ['far too much', new Uint8Array(65_537), '', /at most 65536 bytes, got 65537/],
    ['numbers that do not fit', withByte(der, 100, 1), '', /numbers that belong together/],
    ['PEM that is no base64', PEM.replace('MII', 'M!I'), '', /expected base64 in the PEM block/],
  ]
  for (const [name, input, password, message] of refused) {
    test(`${name} is refused`, async () => {
      const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_KEY', message }
      await assert.rejects(PrivateKey.from(input, password), expected)
    })
  }

  test('a key object of another type is an argument error', () => {
    const { keyObject } = key.publicKey
    assert.throws(() => PrivateKey.fromKeyObject(keyObject), /TypeError.*private key: got a public/)
  })
})

suite('encrypted keys of other shapes', () => {
  const oid = {
    pbes2: '1.2.840.113549.1.5.13',
    pbkdf2: '1.2.840.113549.1.5.12',
    pkcs12: '1.2.840.113549.1.12.1.3',
    sha256: '1.2.840.113549.2.9',
    aes256: '2.16.840.1.101.3.4.1.42',
  }
  const octets = (length: number) => writeItem(4, new Uint8Array(length))
  const named = (name: string, ...parameters: Uint8Array[]) =>
    writeSequence(writeOid(name), ...parameters)

  interface Shape {
    scheme?: string
    kdf?: string
    iterations?: number
    options?: Uint8Array[]
    cipher?: string
    ivBytes?: number
  }

  function shaped(shape: Shape): Uint8Array {
    const { scheme = oid.pbes2, kdf = oid.pbkdf2, iterations = 1, options = [] } = shape
    const { cipher = oid.aes256, ivBytes = 16 } = shape
    const derivation = named(kdf, writeSequence(octets(8), writeInteger(iterations), ...options))
    const parameters = writeSequence(derivation, named(cipher, octets(ivBytes)))
    return writeSequence(named(scheme, parameters), octets(32))
  }

  const refused: [name: string, input: Uint8Array, message: RegExp][] = [
    [
      'an unknown scheme',
      shaped({ scheme: '1.2.3' }),
      /PBES2 .* expected, found encryption 1\.2\.3/,
    ],
    ['an unknown derivation', shaped({ kdf: '1.2.4' }), /found key derivation 1\.2\.4/],
    ['an unknown cipher', shaped({ cipher: '1.2.5' }), /found cipher 1\.2\.5/],
    [
      'an unknown hash',
      shaped({ options: [named('1.2.6')] }),
      /found pseudo-random function 1\.2\.6/,
    ],
    ['too many iterations', shaped({ iterations: 10_000_001 }), /expected 1 to 10000000/],
    ['no iterations', shaped({ iterations: 0 }), /0 iterations/],
    ['a key of another size', shaped({ options: [writeInteger(16)] }), /another length than 32/],
    ['an IV of another size', shaped({ ivBytes: 8 }), /another length than 16/],
    ['nothing inside', writeSequence(), /expected, found none/],
    [
      'too many iterations of the old scheme',
      writeSequence(named(oid.pkcs12, writeSequence(octets(8), writeInteger(100_001))), octets(32)),
      /100001 iterations, expected 1 to 100000/,
    ],
  ]
  for (const [name, input, message] of refused) {
    test(`${name} is refused`, async () => {
      const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_KEY', message }
      await assert.rejects(PrivateKey.from(input, 'pw'), expected)
    })
  }

  test('a sound shape around noise looks like a wrong password', async () => {
    const options = [writeInteger(32), named(oid.sha256)]
    const inputs = [
      shaped({ options }),
      writeSequence(named(oid.pkcs12, writeSequence(octets(8), writeInteger(1))), octets(32)),
    ]
    for (const input of inputs) {
      const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_PASSWORD' }
      await assert.rejects(PrivateKey.from(input, 'pw'), expected)
    }
  })
})

function withByte(bytes: Uint8Array, index: number, change: number): Uint8Array {
  const copy = bytes.slice()
  copy[index]! ^= change
  return copy
}
