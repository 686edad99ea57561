// SPDX-License-Identifier: MIT
// Sequence numbers of signed values, and the order of puts of the same value.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { Value } from '../../../src/core/value/value.ts'
import { nextSeq, PutTurns } from '../../../src/secure/signed-puts.ts'
import { derKey, KEY, signed, text } from '../../support/dht-kit.ts'

const OWNER = InfoHash.get(derKey(1))

test('the sequence number is one more than the highest of the same owner and id', () => {
  const value = text('new', 5n)
  assert.equal(nextSeq(value, OWNER, []), 0)
  assert.equal(nextSeq(value, OWNER, [signed('a', 5n, 0)]), 1)
  assert.equal(nextSeq(value, OWNER, [signed('a', 5n, 7), signed('b', 5n, 3)]), 8)
})

test('values of others, unsigned ones and other ids do not count', () => {
  const others = [signed('a', 5n, 9, 2), text('plain', 5n), signed('a', 6n, 9)]
  assert.equal(nextSeq(text('new', 5n), OWNER, others), 0)
})

test('a higher number that the application chose is kept', () => {
  const value = new Value({ id: 5n, seq: 20 })
  assert.equal(nextSeq(value, OWNER, [signed('a', 5n, 7)]), 20)
  assert.equal(nextSeq(value, OWNER, [signed('a', 5n, 20)]), 21)
})

test('after the last number there is an error, not a start from zero', () => {
  assert.throws(() => nextSeq(text('new', 5n), OWNER, [signed('a', 5n, 0xffff)]), {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_SEQ',
    message: /^Cannot change value 5 again: 65535 is the last sequence number/,
  })
})

test('puts of one value take turns, also after a failure; others do not wait', async () => {
  const turns = new PutTurns()
  const log: string[] = []
  let release = (): void => {}
  const first = turns.run(KEY, 1n, async () => {
    log.push('first')
    await new Promise<void>((resolve) => {
      release = resolve
    })
    throw new Error('failed')
  })
  const second = turns.run(KEY, 1n, async () => log.push('second'))
  void turns.run(KEY, 2n, async () => log.push('other value'))
  void turns.run(InfoHash.get('other key'), 1n, async () => log.push('other key'))
  await turn()
  assert.deepEqual(log, ['first', 'other value', 'other key'])
  release()
  await assert.rejects(first, /failed/)
  await second
  assert.equal(log.at(-1), 'second')
})
