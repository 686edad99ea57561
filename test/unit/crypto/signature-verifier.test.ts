// SPDX-License-Identifier: MIT
// Signatures of values, checked with the runtime's cryptography.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { RsaVerifier } from '../../../src/crypto/signature-verifier.ts'

const message = new TextEncoder().encode('a value')

function derOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }))
}

function rsaPair(modulusLength = 2048) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  const owner = derOf(publicKey)
  return { owner, signature: new Uint8Array(sign('sha512', message, privateKey)), privateKey }
}

test('a good signature passes, again and again', () => {
  const verifier = new RsaVerifier()
  const { owner, signature } = rsaPair()
  for (let i = 0; i < 3; i++) assert.ok(verifier.verify(owner, message, signature))
  assert.equal(verifier.cachedKeys, 1)
})

test('anything else does not, and nothing throws', () => {
  const verifier = new RsaVerifier()
  const { owner, signature, privateKey } = rsaPair()
  const flipped = signature.slice()
  flipped[5]! ^= 1
  const otherHash = new Uint8Array(sign('sha256', message, privateKey))
  const empty = new Uint8Array(0)
  assert.ok(!verifier.verify(owner, message, flipped))
  assert.ok(!verifier.verify(owner, message.subarray(1), signature))
  assert.ok(!verifier.verify(owner, message, otherHash))
  assert.ok(!verifier.verify(owner, message, empty))
  assert.ok(!verifier.verify(owner, message, signature.subarray(1)))
  assert.ok(!verifier.verify(rsaPair().owner, message, signature))
  assert.ok(!verifier.verify(empty, message, signature))
  assert.ok(!verifier.verify(owner.subarray(0, 40), message, signature))
  assert.ok(!verifier.verify(new Uint8Array(65_536), message, signature))
})

test('keys that are not RSA are refused', () => {
  const verifier = new RsaVerifier()
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signature = new Uint8Array(sign('sha512', message, privateKey))
  assert.ok(!verifier.verify(derOf(publicKey), message, signature))
  const edwards = generateKeyPairSync('ed25519')
  const signed = new Uint8Array(sign(null, message, edwards.privateKey))
  assert.ok(!verifier.verify(derOf(edwards.publicKey), message, signed))
})

test('the cache of keys is bounded, also against useless ones', () => {
  const verifier = new RsaVerifier(4)
  const { owner, signature } = rsaPair(1024)
  for (let i = 0; i < 20; i++) {
    assert.ok(!verifier.verify(new Uint8Array([0x30, i]), message, signature))
    assert.ok(verifier.verify(owner, message, signature))
  }
  assert.equal(verifier.cachedKeys, 4)
})
