// SPDX-License-Identifier: MIT
// Certificate requests that are made, read and refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CertificateRequest } from '../../../src/crypto/certificate-request.ts'
import { curveKey, rsaKey } from '../../support/certificate-kit.ts'

const key = curveKey()
const ALT_NAMES = [
  { type: 'email', value: 'a@example.org' },
  { type: 'dns', value: 'example.org' },
  { type: 'uri', value: 'https://example.org/' },
  { type: 'ip', value: '192.0.2.1' },
  { type: 'ip', value: '2001:db8::1' },
] as const

test('a request says what is asked for, in both forms', async () => {
  for (const it of [key, rsaKey(2048)]) {
    const options = { name: 'Zoë', uid: 'user', subjectAltNames: ALT_NAMES, challengePassword: 'ü' }
    const made = await CertificateRequest.generate(it, options)
    for (const form of [made.toPem(), Buffer.from(`Request:\n${made.toPem()}`), made.toDer()]) {
      const request = await CertificateRequest.from(form)
      assert.equal(request.name, 'Zoë')
      assert.equal(request.uid, 'user')
      assert.equal(request.subject, 'UID=user,CN=Zoë')
      assert.deepEqual(request.subjectAltNames, ALT_NAMES)
      assert.ok(request.publicKey.equals(it.publicKey))
      assert.ok(request.verify())
    }
  }
})

test('a request needs no more than a name', async () => {
  const request = await CertificateRequest.generate(key, { name: 'name' })
  assert.equal(request.uid, '')
  assert.deepEqual(request.subjectAltNames, [])
  const label = request.toPem().replaceAll('NEW CERTIFICATE', 'CERTIFICATE')
  assert.ok((await CertificateRequest.from(label)).verify())
})

test('a request that was changed does not verify', async () => {
  const request = await CertificateRequest.generate(key, { name: 'name' })
  const der = request.toDer()
  const other = Buffer.from(Buffer.from(der).toString('latin1').replace('name', 'game'), 'latin1')
  const changed = await CertificateRequest.from(other)
  assert.equal(changed.name, 'game')
  assert.equal(changed.verify(), false)
})

const OPTIONS: [options: object, error: object][] = [
  [{}, { name: 'TypeError', message: /^name must be a text/ }],
  [{ name: '' }, { name: 'RangeError', message: /^name must have 1 to 64/ }],
  [
    { name: 'x', uid: 'y'.repeat(65) },
    { name: 'RangeError', message: /^uid must have 1 to 64/ },
  ],
  [{ name: 'x', subjectAltNames: [{ type: 'other', value: '00' }] }, { name: 'TypeError' }],
  [{ name: 'x', subjectAltNames: [{ type: 'ip', value: 'here' }] }, { name: 'TypeError' }],
  [{ name: 'x', subjectAltNames: [{ type: 'dns', value: 'dömain' }] }, { name: 'TypeError' }],
]
for (const [options, error] of OPTIONS) {
  test(`${JSON.stringify(options).slice(0, 60)} is refused`, async () => {
    await assert.rejects(CertificateRequest.generate(key, options as { name: string }), error)
  })
}

test('what is no request is refused', async () => {
  const request = await CertificateRequest.generate(key, { name: 'name' })
  const der = request.toDer()
  const inputs = [
    '',
    'request',
    request.toPem().slice(0, -10),
    request.toPem().replaceAll('REQUEST', 'WISH'),
    new Uint8Array(),
    der.subarray(1),
    der.subarray(0, -1),
    Uint8Array.of(...der, 0),
    new Uint8Array(70_000),
  ]
  for (const input of inputs) {
    await assert.rejects(CertificateRequest.from(input), { code: 'ERR_CRYPTO_CERTIFICATE' })
  }
})
