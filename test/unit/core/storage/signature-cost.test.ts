// SPDX-License-Identifier: MIT
// What a put of a signed value may cost: nothing is verified that could not be stored anyway.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimiter } from '../../../../src/core/net/rate-limiter.ts'
import type { SignatureVerifier } from '../../../../src/core/ports.ts'
import type { StorageLimits } from '../../../../src/core/storage/storage-types.ts'
import { defaultTypes } from '../../../../src/core/value/default-types.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { signed } from '../../../support/dht-kit.ts'
import {
  address,
  costOf,
  KEY,
  OTHER_KEY,
  plainValue,
  StorageKit,
} from '../../../support/storage-kit.ts'

const PEER = address('192.0.2.1')

class CountingVerifier implements SignatureVerifier {
  checks = 0
  verify(): boolean {
    this.checks++
    return true
  }
}

function kitWith(limits: StorageLimits = {}, perSecond?: number): [StorageKit, CountingVerifier] {
  const verifier = new CountingVerifier()
  const signatureChecks =
    perSecond === undefined
      ? undefined
      : new RateLimiter({
          seed: 1,
          requestsPerSecond: 4 * perSecond,
          peerRequestsPerSecond: perSecond,
        })
  const types = defaultTypes({ verifier })
  return [new StorageKit({ limits, types, ...(signatureChecks && { signatureChecks }) }), verifier]
}

describe('the signature of a peer’s value', () => {
  it('is checked once when the value is new, and not for a repetition', () => {
    const [{ storage }, verifier] = kitWith()
    const value = signed('text', 1n, 0)
    assert.equal(storage.put(KEY, value, { from: PEER, now: 0 }), 'stored')
    assert.equal(storage.put(KEY, value, { from: PEER, now: 1 }), 'refreshed')
    assert.equal(verifier.checks, 1)
  })

  it('is not checked of an older revision, nor of somebody else’s', () => {
    const [{ storage }, verifier] = kitWith()
    storage.put(KEY, signed('new', 1n, 5), { from: PEER, now: 0 })
    assert.equal(storage.put(KEY, signed('old', 1n, 4), { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.put(KEY, signed('other', 1n, 9, 2), { from: PEER, now: 0 }), 'refused')
    assert.equal(verifier.checks, 1)
    assert.equal(storage.stats.refused.edit, 2)
  })

  it('is not checked of a value that is too large', () => {
    const [{ storage }, verifier] = kitWith()
    const large = new Value({ ...signed('', 1n, 0), data: new Uint8Array(70_000) })
    assert.equal(storage.put(KEY, large, { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.stats.refused.size, 1)
    assert.equal(verifier.checks, 0)
  })

  it('is not checked when there is no room for the value', () => {
    const value = signed('text', 1n, 0)
    const [{ storage }, verifier] = kitWith({ maxBytes: costOf(value) - 1 })
    assert.equal(storage.put(KEY, value, { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.stats.refused.quota, 1)
    const [keys, other] = kitWith({ maxKeys: 1 })
    keys.storage.put(OTHER_KEY, plainValue(1), { from: PEER, now: 0 })
    assert.equal(keys.storage.put(KEY, value, { from: PEER, now: 0 }), 'refused')
    assert.equal(keys.storage.stats.refused.keys, 1)
    assert.equal(verifier.checks + other.checks, 0)
  })

  it('leaves what is stored alone while it looks for room', () => {
    const value = signed('text', 9n, 0)
    const [kit] = kitWith({ maxBytes: costOf(value) + costOf(plainValue(1)) }, 0)
    kit.storage.put(KEY, plainValue(1), { from: PEER, now: 0 })
    kit.storage.put(KEY, plainValue(2), { from: PEER, now: 0 })
    const before = [kit.storage.valueCount, kit.storage.remoteBytes]
    kit.takeChanges()
    assert.equal(kit.storage.put(KEY, value, { from: PEER, now: 0 }), 'refused')
    assert.equal(kit.storage.stats.refused.checks, 1)
    assert.deepEqual([kit.storage.valueCount, kit.storage.remoteBytes], before)
    assert.deepEqual(kit.takeChanges(), [])
  })

  it('is checked so many times a second for one source, while others still get a turn', () => {
    const [{ storage }, verifier] = kitWith({}, 10)
    for (let id = 1; id <= 50; id++) {
      storage.put(KEY, signed('text', BigInt(id), 0), { from: PEER, now: 0 })
    }
    assert.equal(verifier.checks, 10)
    assert.equal(storage.stats.refused.checks, 40)
    const other = address('198.51.100.7')
    assert.equal(storage.put(KEY, signed('text', 99n, 0), { from: other, now: 0 }), 'stored')
    assert.equal(storage.put(KEY, signed('text', 98n, 0), { from: PEER, now: 1100 }), 'stored')
  })
})
