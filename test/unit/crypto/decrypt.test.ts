// SPDX-License-Identifier: MIT
// Decryption with private keys: what is accepted, what is refused, and that the event loop stays
// free meanwhile.

import assert from 'node:assert/strict'
import { constants, publicEncrypt } from 'node:crypto'
import { suite, test } from 'node:test'
import { aesEncrypt } from '../../../src/crypto/aes.ts'
import { CryptoError } from '../../../src/crypto/errors.ts'
import type { PrivateKey } from '../../../src/crypto/private-key.ts'
import { rsaTask, unpad } from '../../../src/crypto/rsa-block.ts'
import { keysByLabel } from '../../support/crypto-vectors.ts'

const keys = await keysByLabel('v4.3.1')
const key = keys.get('leaf')!
const large = keys.get('rsa4096')!
const SIZE = 256

/** A block as it is before the RSA operation: 00 02, padding, 00, content. */
function padded(content: Uint8Array, paddingBytes = SIZE - 3 - content.length): Uint8Array {
  const block = new Uint8Array(SIZE)
  block[1] = 2
  block.fill(0x55, 2, 2 + paddingBytes)
  block.set(content, SIZE - content.length)
  return block
}

function raw(block: Uint8Array): Uint8Array {
  const input = { key: key.publicKey.keyObject, padding: constants.RSA_NO_PADDING }
  return new Uint8Array(publicEncrypt(input, block))
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

async function refuses(data: Uint8Array, message: RegExp, by: PrivateKey = key): Promise<void> {
  const expected = { name: 'CryptoError', code: 'ERR_CRYPTO_DECRYPT', message }
  await assert.rejects(by.decrypt(data), expected)
  assert.throws(() => by.decryptSync(data), expected)
}

suite('decryption', () => {
  const content = Uint8Array.from({ length: 40 }, (_, i) => i)

  test('is the opposite of encryption for all lengths', async () => {
    for (const length of [0, 1, 245, 246, 65_536]) {
      const data = new Uint8Array(length).fill(7)
      assert.deepEqual(await key.decrypt(key.publicKey.encrypt(data)), data)
    }
  })

  test('takes the hybrid form for short data, with AES keys of all sizes', async () => {
    for (const bytes of [16, 24, 32]) {
      const aesKey = new Uint8Array(bytes).fill(9)
      const data = concat(key.publicKey.encrypt(aesKey), aesEncrypt(content, aesKey))
      assert.deepEqual(await key.decrypt(data), content)
      assert.deepEqual(key.decryptSync(data), content)
    }
  })

  test('takes views of larger buffers', async () => {
    const data = concat(new Uint8Array(10), key.publicKey.encrypt(content), new Uint8Array(10))
    assert.deepEqual(await key.decrypt(Buffer.from(data.buffer, 10, SIZE)), content)
  })

  test('refuses data that is shorter than a block', async () => {
    for (const length of [0, 1, SIZE - 1]) {
      await refuses(new Uint8Array(length), /got \d+ bytes, expected 256 or more for a key of 2048/)
    }
  })

  test('refuses blocks that RSA cannot have made', async () => {
    await refuses(new Uint8Array(SIZE).fill(0xff), /damaged, or for another key/)
  })

  test('refuses what was encrypted for another key', async () => {
    await refuses(large.publicKey.encrypt(content), /damaged/)
    await refuses(key.publicKey.encrypt(content), /got 256 bytes, expected 512/, large)
  })

  test('refuses each flipped bit of a hybrid form', async () => {
    const data = key.publicKey.encrypt(new Uint8Array(300))
    for (const index of [0, 100, 255, 256, 267, 268, 400, data.length - 16, data.length - 1]) {
      const damaged = data.slice()
      damaged[index]! ^= 0x10
      await refuses(damaged, /damaged/)
    }
  })

  test('refuses a hybrid form that is cut off', async () => {
    const data = key.publicKey.encrypt(new Uint8Array(300))
    for (const length of [257, 283, data.length - 1]) {
      await refuses(data.subarray(0, length), /damaged/)
    }
  })

  test('refuses content keys that AES does not have', async () => {
    for (const bytes of [0, 15, 17, 33]) {
      const sealed = aesEncrypt(content, new Uint8Array(32))
      await refuses(concat(key.publicKey.encrypt(new Uint8Array(bytes)), sealed), /damaged/)
    }
  })

  test('refuses each kind of wrong padding', async () => {
    const good = padded(content)
    assert.deepEqual(await key.decrypt(raw(good)), content)
    const zeroAt = (index: number) => replaced(good, index, 0)
    const wrong = [replaced(good, 0, 1), replaced(good, 1, 1), zeroAt(2), zeroAt(9), zeroAt(1)]
    wrong.push(padded(new Uint8Array(SIZE - 2).fill(1), 0))
    for (const block of wrong) await refuses(raw(block), /damaged/)
  })
})

suite('padding', () => {
  test('has at least 8 bytes, and the content starts behind the first zero', () => {
    assert.deepEqual(unpad(padded(Uint8Array.of(1, 0, 2))), Uint8Array.of(1, 0, 2))
    assert.deepEqual(unpad(padded(new Uint8Array(0))), new Uint8Array(0))
    const shortest = padded(new Uint8Array(SIZE - 11).fill(1))
    assert.equal(unpad(shortest)?.length, SIZE - 11)
    assert.equal(unpad(replaced(shortest, 9, 0)), undefined)
    assert.equal(unpad(new Uint8Array(SIZE)), undefined)
  })
})

suite('the event loop', () => {
  const BURST = 20

  test('goes on while a burst of ciphertexts is decrypted', async () => {
    const data = large.publicKey.encrypt(new Uint8Array(1000))
    let turns = 0
    let isDone = false
    const turn = (): void => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    await Promise.all(Array.from({ length: BURST }, () => large.decrypt(data)))
    isDone = true
    // On the loop each of them would take a turn, a long one.
    assert.ok(turns > 10 * BURST, `${turns} turns`)
  })

  test('gets no more work than the limit, and says so', async () => {
    const data = large.publicKey.encrypt(new Uint8Array(1))
    const { refused } = rsaTask.stats
    const results = await Promise.allSettled(
      Array.from({ length: 1030 }, () => key.decrypt(key.publicKey.encrypt(data.subarray(0, 9)))),
    )
    const reasons = results.flatMap((it) => (it.status === 'rejected' ? [it.reason] : []))
    assert.equal(reasons.length, 6)
    for (const reason of reasons) {
      assert.ok(reason instanceof CryptoError && reason.code === 'ERR_CRYPTO_BUSY')
      assert.match(reason.message, /1024 operations are waiting/)
    }
    assert.equal(rsaTask.stats.refused - refused, 6)
    assert.equal(rsaTask.stats.pending, 0)
  })
})

function replaced(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[index] = value
  return copy
}
