// SPDX-License-Identifier: MIT
// Public keys that are read, refused, and used. What is read from the original is checked against
// recorded vectors elsewhere.

import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { writeItem, writeOid, writeSequence } from '../../../src/crypto/der-writer.ts'
import { PublicKey } from '../../../src/crypto/public-key.ts'
import { identityVectors } from '../../support/crypto-vectors.ts'

const PEM = identityVectors('v4.3.1').find(({ label }) => label === 'leaf')!.public_key_pem
const key = PublicKey.from(PEM)
const der = key.toDer()
const keyObject = createPublicKey(PEM)

function spki(publicKey: KeyObject): Uint8Array {
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

function rsa(modulusLength: number, publicExponent = 65_537): Uint8Array {
  return spki(generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey)
}

function ec(namedCurve: string): Uint8Array {
  return spki(generateKeyPairSync('ec', { namedCurve }).publicKey)
}

/** SubjectPublicKeyInfo of RSA with numbers of our choice. */
function rsaOf(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const algorithm = writeSequence(writeOid('1.2.840.113549.1.1.1'), Uint8Array.of(5, 0))
  const numbers = writeSequence(writeItem(2, modulus), writeItem(2, exponent))
  return writeSequence(algorithm, writeItem(3, Uint8Array.of(0), numbers))
}

function compressed(point: Uint8Array): Uint8Array {
  const algorithm = writeSequence(writeOid('1.2.840.10045.2.1'), writeOid('1.3.132.0.34'))
  const short = Uint8Array.of(2 + (point[96]! & 1), ...point.subarray(1, 49))
  return writeSequence(algorithm, writeItem(3, Uint8Array.of(0), short))
}

suite('reading public keys', () => {
  test('as DER, as PEM, as PEM between other text', () => {
    const chatty = `subject=someone\r\n${PEM.replaceAll('\n', '\r\n')}\0`
    for (const input of [der, PEM, Buffer.from(PEM), chatty, `${PEM}${PEM}`]) {
      const read = PublicKey.from(input)
      assert.ok(read.equals(key))
      assert.ok(read.id.equals(key.id) && read.longId.equals(key.longId))
    }
    assert.equal(key.type, 'rsa')
    assert.equal(key.bits, 2048)
  })

  test('an unusual encoding has the id of the usual one', () => {
    const [algorithm, bits] = [der.subarray(4, 19), der.subarray(19)]
    const length = algorithm.length + bits.length
    const head = Uint8Array.of(0x30, 0x83, 0, length >> 8, length & 0xff)
    const unusual = Buffer.concat([head, algorithm, bits])
    assert.equal(unusual.length, der.length + 1)
    assert.ok(PublicKey.from(unusual).longId.equals(key.longId))
  })

  test('keys on the usual curves have a type and a size', () => {
    for (const [name, bits] of [
      ['P-256', 256],
      ['P-384', 384],
      ['P-521', 521],
    ] as const) {
      const read = PublicKey.from(ec(name))
      assert.deepEqual([read.type, read.bits], ['ec', bits])
    }
  })

  const pkcs1 = new Uint8Array(keyObject.export({ type: 'pkcs1', format: 'der' }))
  const refused: [name: string, input: Uint8Array | string, expected: RegExp][] = [
    ['nothing', new Uint8Array(0), /0 bytes are no SubjectPublicKeyInfo/],
    ['empty text', '', /expected a PEM block "PUBLIC KEY", found: none/],
    ['text of another kind', 'hello', /expected a PEM block "PUBLIC KEY", found: none/],
    ['truncated DER', der.subarray(0, -1), /293 bytes are no SubjectPublicKeyInfo in DER/],
    ['DER and more', Buffer.concat([der, Buffer.of(0)]), /no SubjectPublicKeyInfo/],
    ['too much', new Uint8Array(2049), /at most 2048 bytes of DER, got 2049/],
    ['truncated PEM', PEM.slice(0, -30), /found: none/],
    ['PEM that is no base64', PEM.replace('MII', 'M!I'), /found: PUBLIC KEY/],
    ['PEM with damaged base64', PEM.replace('MIIB', 'AAAA'), /no SubjectPublicKeyInfo/],
    ['PKCS#1 DER', pkcs1, /no SubjectPublicKeyInfo/],
    [
      'PKCS#1 PEM',
      keyObject.export({ type: 'pkcs1', format: 'pem' }) as string,
      /expected a PEM block "PUBLIC KEY", found: RSA PUBLIC KEY/,
    ],
    [
      'a private key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      /found: PRIVATE KEY/,
    ],
    ['Ed25519', spki(generateKeyPairSync('ed25519').publicKey), /P-521, got ed25519/],
    ['RSA-PSS', spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), /rsa-pss/],
    ['another curve', ec('secp256k1'), /got ec secp256k1/],
    ['a compressed point', compressed(ec('P-384').subarray(-97)), /not compressed/],
    ['a small RSA key', rsa(512), /1024 to 8192 bits, got 512/],
    [
      'a huge RSA key',
      rsaOf(Uint8Array.of(0, ...new Uint8Array(1025).fill(0xff)), Uint8Array.of(1, 0, 1)),
      /1024 to 8192 bits, got 8200/,
    ],
    [
      'a huge exponent',
      rsaOf(Uint8Array.of(0, ...new Uint8Array(256).fill(0xff)), new Uint8Array(10).fill(0x11)),
      /exponent of at most 64 bits/,
    ],
  ]
  for (const [name, input, message] of refused) {
    test(`${name} is refused`, () => {
      assert.throws(() => PublicKey.from(input), {
        name: 'CryptoError',
        code: 'ERR_CRYPTO_KEY',
        message,
      })
    })
  }

  test('a key object of another type is an argument error', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    assert.throws(() => PublicKey.fromKeyObject(privateKey), /TypeError.*public key: got a private/)
  })
})

suite('using public keys', () => {
  test('what is handed out is a copy', () => {
    key.toDer().fill(0)
    assert.deepEqual(key.toDer(), der)
  })

  test('no signature makes verify throw', () => {
    const message = new Uint8Array(3)
    for (const length of [0, 1, 255, 256, 257, 70_000]) {
      const signature = new Uint8Array(length)
      assert.equal(key.verify(message, signature), false)
      assert.equal(PublicKey.from(ec('P-384')).verify(message, signature), false)
    }
  })

  test('keys on curves do not encrypt', () => {
    const onCurve = PublicKey.from(ec('P-384'))
    assert.throws(() => onCurve.encrypt(new Uint8Array(1)), {
      code: 'ERR_CRYPTO_UNSUPPORTED',
      message: /an RSA key is expected/,
    })
  })

  test('short data takes one block, longer data its own length and 28 bytes more', () => {
    const sizes = [0, 1, 245, 246, 65_536].map((size) => key.encrypt(new Uint8Array(size)).length)
    assert.deepEqual(sizes, [256, 256, 256, 256 + 28 + 246, 256 + 28 + 65_536])
  })
})
