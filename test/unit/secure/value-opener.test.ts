// SPDX-License-Identifier: MIT
// Which values a node with cryptography lets pass, and what it counts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Value } from '../../../src/core/value/value.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { rsaVerifier } from '../../../src/crypto/signature-verifier.ts'
import { encryptValue, signValue } from '../../../src/secure/secure-value.ts'
import { ValueOpener } from '../../../src/secure/value-opener.ts'
import { derKey, text, textOf } from '../../support/dht-kit.ts'

const [alice, bob] = await Promise.all([
  PrivateKey.generate({ bits: 2048 }),
  PrivateKey.generate({ bits: 2048 }),
])

function openerFor(key: PrivateKey | undefined) {
  const owners: string[] = []
  const opener = new ValueOpener({
    verifier: rsaVerifier,
    key,
    onOwner: (_owner, value) => owners.push(`${value.ownerId}`),
  })
  return { opener, owners }
}

describe('the gate', () => {
  it('lets plain values pass at once, uncounted', () => {
    const { opener } = openerFor(undefined)
    const value = text('plain', 1n)
    assert.equal(opener.open(value), value)
    assert.deepEqual(opener.stats, {
      verified: 0,
      decrypted: 0,
      badSignature: 0,
      undecryptable: 0,
    })
  })

  it('lets signed values pass when the signature is valid, and remembers the signer', async () => {
    const { opener, owners } = openerFor(undefined)
    const signed = await signValue(text('signed', 2n), alice)
    assert.equal(opener.open(signed), signed)
    assert.equal(opener.open(signed), signed)
    assert.equal(opener.stats.verified, 1)
    assert.deepEqual(owners, [`${alice.publicKey.id}`])
  })

  it('drops what was altered after it was signed, whatever was altered', async () => {
    const { opener, owners } = openerFor(bob)
    const signed = await signValue(text('signed', 2n), alice)
    const altered = [
      new Value({ ...signed, data: Uint8Array.of(1) }),
      new Value({ ...signed, seq: 1 }),
      new Value({ ...signed, type: 3 }),
      new Value({ ...signed, userType: 'x' }),
      new Value({ ...signed, recipient: bob.publicKey.id }),
      new Value({ ...signed, owner: bob.publicKey.toDer() }),
      new Value({ ...signed, owner: derKey(3) }),
      new Value({ ...signed, signature: signed.signature.slice(1) }),
    ]
    for (const value of altered) assert.equal(opener.open(value), undefined)
    assert.equal(opener.stats.badSignature, altered.length)
    assert.deepEqual(owners, [])
    // The id is not covered.
    assert.ok(opener.open(signed.withId(77n)) instanceof Value)
  })

  it('opens what is encrypted for this node, with the id and the sender', async () => {
    const { opener, owners } = openerFor(bob)
    const sealed = await encryptValue(text('sealed', 5n), alice, bob.publicKey)
    const opened = await opener.open(sealed)
    assert.equal(textOf(opened!), 'sealed')
    assert.equal(opened!.id, 5n)
    assert.equal(opener.stats.decrypted, 1)
    assert.deepEqual(owners, [`${alice.publicKey.id}`])
    // Afterwards there is nothing to wait for.
    assert.equal(opener.open(sealed), opened)
  })

  it('drops what is for somebody else, damaged, or opened without a key', async () => {
    const sealed = await encryptValue(text('sealed', 5n), alice, bob.publicKey)
    const damaged = sealed.cypher.slice()
    damaged[damaged.length - 1]! ^= 1
    const forAlice = openerFor(alice).opener
    const forBob = openerFor(bob).opener
    const forNobody = openerFor(undefined).opener
    assert.equal(await forAlice.open(sealed), undefined)
    assert.equal(await forBob.open(new Value({ ...sealed, cypher: damaged })), undefined)
    assert.equal(await forBob.open(new Value({ id: 1n, cypher: Uint8Array.of(1) })), undefined)
    assert.equal(await forNobody.open(sealed), undefined)
    const counts = [forAlice, forBob, forNobody].map(({ stats }) => stats.undecryptable)
    assert.deepEqual(counts, [1, 2, 1])
    // What failed is not tried again.
    assert.equal(await forAlice.open(sealed), undefined)
    assert.equal(forAlice.stats.undecryptable, 1)
  })

  it('waits for the thread that decrypts when others keep it busy', async () => {
    const { opener } = openerFor(bob)
    const sealed = await encryptValue(text('sealed', 5n), alice, bob.publicKey)
    const others = Array.from({ length: 1100 }, () => bob.decrypt(sealed.cypher).catch(() => {}))
    assert.equal(textOf((await opener.open(sealed))!), 'sealed')
    assert.equal(opener.stats.undecryptable, 0)
    await Promise.all(others)
  })

  it('gives others a turn while it checks many signatures', async () => {
    const { opener } = openerFor(undefined)
    const signed = await signValue(text('signed', 2n), alice)
    const opened = Array.from({ length: 200 }, (_, i) => opener.open(signed.withId(BigInt(i + 1))))
    const later = opened.filter((it) => it instanceof Promise)
    assert.ok(later.length > 0 && later.length < 200)
    assert.ok((await Promise.all(later)).every((value) => value instanceof Value))
    assert.equal(opener.stats.verified, 200)
  })
})
