// SPDX-License-Identifier: MIT
// Values that cannot be signed or encrypted: each reason has its code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from '../../../src/core/value/value.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { rsaVerifier } from '../../../src/crypto/signature-verifier.ts'
import { decryptValue, encryptValue, signValue } from '../../../src/secure/secure-value.ts'
import { text } from '../../support/dht-kit.ts'

const key = await PrivateKey.generate({ bits: 2048 })
const curve = await PrivateKey.generate({ type: 'ec' })

test('what is too long for a value is refused when it is encrypted', async () => {
  const bytes = (length: number): Value => new Value({ data: new Uint8Array(length) })
  await encryptValue(bytes(64_000), key, key.publicKey)
  await assert.rejects(encryptValue(bytes(65_300), key, key.publicKey), {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_TOO_LONG',
    message: /^Cannot encrypt 65300 bytes for [0-9a-f]{40}: /,
  })
})

test('keys on elliptic curves neither sign values nor receive encrypted ones', async () => {
  const refused = { name: 'CryptoError', code: 'ERR_CRYPTO_UNSUPPORTED' }
  await assert.rejects(signValue(text('x'), curve), refused)
  await assert.rejects(encryptValue(text('x'), key, curve.publicKey), refused)
})

test('what is encrypted is not signed again, what is plain not decrypted', async () => {
  const sealed = await encryptValue(text('x'), key, key.publicKey)
  await assert.rejects(signValue(sealed, key), TypeError)
  await assert.rejects(decryptValue(text('x'), key, rsaVerifier), { code: 'ERR_CRYPTO_DECRYPT' })
})

test('priority and push type stay readable, the rest does not', async () => {
  const value = new Value({
    ...text('x', 5n),
    type: 3,
    userType: 'a/b',
    priority: 1,
    pushType: 'p',
  })
  const sealed = await encryptValue(value, key, key.publicKey)
  assert.deepEqual([sealed.id, sealed.priority, sealed.pushType], [5n, 1, 'p'])
  assert.deepEqual([sealed.type, sealed.userType, sealed.owner], [0, '', undefined])
  const opened = await decryptValue(sealed, key, rsaVerifier)
  assert.deepEqual(
    [opened.type, opened.userType, opened.priority, opened.pushType],
    [3, 'a/b', 1, 'p'],
  )
})
