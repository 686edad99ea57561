// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { newVapidKey, Vapid } from '../../../../../src/proxy/server/push/vapid.ts'

const ORIGIN = 'https://push.example.org'
const NOW = 1_800_000_000_000
const HOUR = 3600_000

function read(header: string): { claims: Record<string, unknown>; isValid: boolean; key: string } {
  const [, token = '', key = ''] = /^vapid t=(\S+), k=(\S+)$/.exec(header) ?? []
  const [head = '', claims = '', signature = ''] = token.split('.')
  const point = Buffer.from(key, 'base64url')
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  assert.deepEqual(decode(head), { typ: 'JWT', alg: 'ES256' })
  const isValid = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  return { claims: decode(claims), isValid, key }
}

suite('Vapid', () => {
  const pem = newVapidKey()

  test('signs who we are, for one push service and less than a day', () => {
    const vapid = new Vapid(pem, 'mailto:operator@example.org')
    const { claims, isValid, key } = read(vapid.authorization(ORIGIN, NOW))
    assert(isValid)
    assert.equal(key, vapid.publicKey)
    assert.equal(Buffer.from(key, 'base64url').length, 65)
    assert.deepEqual(claims, {
      aud: ORIGIN,
      exp: NOW / 1000 + 12 * 3600,
      sub: 'mailto:operator@example.org',
    })
  })

  test('leaves out a contact that is not known', () => {
    const { claims } = read(new Vapid(pem).authorization(ORIGIN, NOW))
    assert(!('sub' in claims))
  })

  test('has the same public key whenever it is made from the same private one', () => {
    assert.equal(new Vapid(pem).publicKey, new Vapid(pem).publicKey)
    assert.notEqual(new Vapid(newVapidKey()).publicKey, new Vapid(pem).publicKey)
  })

  test('uses a token again for some hours, and for its push service only', () => {
    const vapid = new Vapid(pem)
    const first = vapid.authorization(ORIGIN, NOW)
    assert.equal(vapid.authorization(ORIGIN, NOW + 5 * HOUR), first)
    assert.notEqual(vapid.authorization('https://other.example.org', NOW), first)
    const later = vapid.authorization(ORIGIN, NOW + 7 * HOUR)
    assert.equal(read(later).claims['exp'], NOW / 1000 + 19 * 3600)
  })
})
