// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { readPublicKey } from '../../../../src/core/value/public-key.ts'

const KEYS: KeyObject[] = [
  generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
  generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  generateKeyPairSync('ed25519').publicKey,
]

function der(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }))
}

suite('readPublicKey()', () => {
  test('accepts any SubjectPublicKeyInfo and returns a copy', () => {
    for (const key of KEYS) {
      const bytes = der(key)
      const read = readPublicKey(bytes)
      assert.deepEqual(read, bytes)
      assert.notEqual(read!.buffer, bytes.buffer)
    }
  })

  test('turns PEM into DER', () => {
    for (const key of KEYS) {
      const pem = key.export({ type: 'spki', format: 'pem' }) as string
      assert.deepEqual(readPublicKey(Buffer.from(pem)), der(key))
      assert.deepEqual(readPublicKey(Buffer.from(pem.replaceAll('\n', '\r\n'))), der(key))
    }
  })

  test('refuses the PKCS#1 form', () => {
    for (const format of ['der', 'pem'] as const) {
      const bytes = KEYS[0]!.export({ type: 'pkcs1', format } as { type: 'pkcs1'; format: 'pem' })
      assert.equal(readPublicKey(Buffer.from(bytes)), undefined)
    }
  })

  test('refuses every truncation, and anything behind the key', () => {
    const bytes = der(KEYS[2]!)
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(readPublicKey(bytes.subarray(0, length)), undefined)
    }
    assert.equal(readPublicKey(new Uint8Array([...bytes, 0])), undefined)
  })

  test('refuses lengths that are longer than need be', () => {
    const [, length, ...rest] = der(KEYS[3]!)
    assert.equal(readPublicKey(new Uint8Array([0x30, 0x81, length!, ...rest])), undefined)
    assert.equal(readPublicKey(new Uint8Array([0x30, 0x80, ...rest])), undefined)
  })

  test('refuses PEM that is cut off or not base64', () => {
    const pem = KEYS[0]!.export({ type: 'spki', format: 'pem' }) as string
    assert.equal(readPublicKey(Buffer.from(pem.slice(0, 100))), undefined)
    assert.equal(readPublicKey(Buffer.from(pem.replace('A', '!'))), undefined)
    assert.equal(readPublicKey(Buffer.from('-')), undefined)
  })

  test('refuses keys of unreasonable size', () => {
    const content = new Uint8Array(3000)
    assert.equal(readPublicKey(new Uint8Array([0x30, 0x82, 0x0b, 0xb8, ...content])), undefined)
  })
})
