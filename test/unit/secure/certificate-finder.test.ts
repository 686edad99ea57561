// SPDX-License-Identifier: MIT
// Where certificates and keys come from, in which order, and what is not believed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { PkId } from '../../../src/core/id/pk-id.ts'
import { Value } from '../../../src/core/value/value.ts'
import type { Certificate } from '../../../src/crypto/certificate.ts'
import { CertificateFinder, type CertificateStore } from '../../../src/secure/certificate-finder.ts'
import { certificateValue } from '../../../src/secure/publication.ts'
import { identityOf } from '../../support/secure-kit.ts'

const alice = (await identityOf('alice')).certificate
const bob = (await identityOf('bob')).certificate
const carol = (await identityOf('carol')).certificate

function finderOver(network: Record<string, Value[]>, store?: CertificateStore) {
  const asked: string[] = []
  const finder = new CertificateFinder({
    own: carol,
    store,
    async *findValues(key, type) {
      assert.equal(type, 8)
      asked.push(`${key}`)
      yield* network[`${key}`] ?? []
    },
  })
  return { finder, asked }
}

const typed = (data: Uint8Array): Value => new Value({ id: 1n, type: 8, data })

describe('a certificate', () => {
  it('is looked up where its id leads, and remembered under both ids', async () => {
    const { id, longId } = alice
    const byLongId = `${InfoHash.get(longId.toBytes())}`
    for (const [wanted, key] of [[id, `${id}`] as const, [longId, byLongId] as const]) {
      const { finder, asked } = finderOver({ [key]: [certificateValue(alice)] })
      assert.ok((await finder.find(wanted))!.equals(alice))
      assert.ok((await finder.find(longId))!.equals(alice))
      assert.ok((await finder.find(id))!.equals(alice))
      assert.deepEqual(asked, [key])
      assert.deepEqual(finder.stats, { cached: 2, lookups: 1, useless: 0 })
    }
  })

  it('is read in every form that nodes publish', async () => {
    const forms = [certificateValue(alice).data, alice.packed, alice.toDer()]
    for (const data of forms) {
      const { finder } = finderOver({ [`${alice.id}`]: [typed(data)] })
      assert.ok((await finder.find(alice.id))!.equals(alice))
    }
  })

  it('of somebody else, or none at all, is skipped', async () => {
    const junk = [typed(Uint8Array.of(1, 2, 3)), certificateValue(bob), typed(new Uint8Array())]
    const { finder } = finderOver({ [`${alice.id}`]: [...junk, certificateValue(alice)] })
    assert.ok((await finder.find(alice.id))!.equals(alice))
    assert.equal(finder.stats.useless, 3)
  })

  it('is not searched for among any number of false ones', async () => {
    const many = Array.from({ length: 1000 }, () => certificateValue(bob))
    const { finder } = finderOver({ [`${alice.id}`]: [...many, certificateValue(alice)] })
    assert.equal(await finder.find(alice.id), undefined)
    assert.equal(finder.stats.useless, 64)
  })

  it('of the application comes first, if it is the right one', async () => {
    const store =
      (offered: Certificate[]): CertificateStore =>
      () =>
        Promise.resolve(offered)
    const { finder, asked } = finderOver({}, store([bob, alice]))
    assert.ok((await finder.find(alice.longId))!.equals(alice))
    assert.deepEqual(asked, [])
    const other = finderOver({}, store([bob]))
    assert.equal(await other.finder.find(alice.longId), undefined)
    assert.equal(other.asked.length, 1)
  })
})

describe('the own certificate', () => {
  it('is never looked up, however many others were', async () => {
    const { finder, asked } = finderOver({})
    for (const wanted of [carol.id, carol.longId]) {
      assert.equal(await finder.find(wanted), carol)
    }
    assert.deepEqual(asked, [])
  })
})

describe('a public key', () => {
  it('is that of a signer who was seen, or of a certificate', async () => {
    const { finder, asked } = finderOver({ [`${bob.id}`]: [certificateValue(bob)] })
    finder.addKey(alice.publicKey.toDer(), alice.id)
    assert.ok((await finder.findKey(alice.longId))!.equals(alice.publicKey))
    assert.ok((await finder.findKey(alice.id))!.equals(alice.publicKey))
    assert.deepEqual(asked, [])
    assert.ok((await finder.findKey(bob.id))!.equals(bob.publicKey))
    assert.equal(await finder.findKey(PkId.get('nobody')), undefined)
    // A key is no certificate.
    assert.equal(await finder.find(alice.id), undefined)
  })

  it('that was seen long ago makes room for new ones', async () => {
    const { finder } = finderOver({})
    finder.addKey(alice.publicKey.toDer(), alice.id)
    for (let n = 0; n < 4096; n++) {
      finder.addKey(Uint8Array.of(n, n >> 8), InfoHash.get(`${n}`))
    }
    assert.equal(await finder.findKey(alice.id), undefined)
  })
})
