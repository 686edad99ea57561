// SPDX-License-Identifier: MIT
// Verdicts on chains of all kinds. The numbers are those of the C++ library with GnuTLS 3.7 for
// chains of the same make, unless a comment says otherwise.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Certificate } from '../../../src/crypto/certificate.ts'
import type { Identity } from '../../../src/crypto/identity.ts'
import { RevocationList } from '../../../src/crypto/revocation-list.ts'
import { TrustList } from '../../../src/crypto/trust-list.ts'
import { VerifyResult } from '../../../src/crypto/verify-result.ts'
import {
  alone,
  DAY_MS,
  type MakeOptions,
  makeIdentity,
  OID,
  rsaKey,
  signedWithSha1,
} from '../../support/certificate-kit.ts'

type Extend = NonNullable<MakeOptions['extensions']>

const PAST = { fromMs: -2 * DAY_MS, toMs: -DAY_MS }
const FUTURE = { fromMs: DAY_MS, toMs: 2 * DAY_MS }

const root = await makeIdentity('root', { isCa: true })
const middle = await makeIdentity('middle', { isCa: true, issuer: root })
const leaf = await makeIdentity('leaf', { issuer: middle })
const other = await makeIdentity('other', { isCa: true })
const weakKey = rsaKey(1024)

function without(oid: string): Extend {
  return (standard) => standard.filter((it) => it.oid !== oid)
}

/** Key usage of a leaf, in a certificate that is an authority otherwise. */
function signingNothing(isCritical: boolean): Extend {
  const value = Uint8Array.of(3, 2, 7, 0x80)
  return (standard) =>
    standard.map((it) => (it.oid === OID.keyUsage ? { ...it, isCritical, value } : it))
}

function pathLength(length: number): Extend {
  const value = Uint8Array.of(0x30, 6, 1, 1, 0xff, 2, 1, length)
  return (standard) =>
    standard.map((it) => (it.oid === OID.basicConstraints ? { ...it, value } : it))
}

async function bits(certificate: Identity, ...items: (Identity | RevocationList)[]) {
  const list = new TrustList()
  for (const it of items) list.add('certificate' in it ? it.certificate : it)
  return (await list.verify(certificate.certificate)).bits
}

/** A leaf below an authority of the given make, which is below the root; the root is trusted. */
async function below(authority: MakeOptions, subject: MakeOptions = {}): Promise<number> {
  const issuer = await makeIdentity('authority', { isCa: true, issuer: root, ...authority })
  return bits(await makeIdentity('subject', { issuer, ...subject }), root)
}

suite('trusted are', () => {
  test('what a trusted authority signed, or an authority below it', async () => {
    assert.equal(await bits(leaf, root), 0)
    assert.equal(await bits(middle, root), 0)
  })

  test('what an authority in the middle signed, if that is trusted alone', async () => {
    assert.equal(await bits(leaf, alone(middle)), 0)
    assert.equal(await bits(alone(leaf), alone(middle)), 0)
  })

  test('certificates that are in the list themselves, authorities or not', async () => {
    assert.equal(await bits(leaf, alone(leaf)), 0)
    const self = await makeIdentity('self')
    assert.equal(await bits(self, self), 0)
  })

  test('authorities above a trusted certificate, and what else they signed', async () => {
    const sibling = await makeIdentity('sibling', { issuer: root })
    assert.equal(await bits(sibling, leaf), 0)
  })

  test('chains that go on to a root with the name and key of a trusted one', async () => {
    const renewed = await makeIdentity('root', { isCa: true, key: root.privateKey! })
    assert.equal(await bits(leaf, renewed), 0)
    assert.equal(await bits(renewed, root), 0)
  })

  test('signatures of all strong kinds', async () => {
    const key = rsaKey(2048)
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      assert.equal(await below({ digest }, { digest }), 0)
      assert.equal(await below({ key, digest }, { digest }), 0)
    }
  })
})

suite('not trusted are', () => {
  test('unknown issuers', async () => {
    assert.equal(await bits(leaf), 66)
    assert.equal(await bits(root), 66)
    assert.equal(await bits(leaf, other), 66)
    assert.equal(await bits(alone(leaf), root), 66)
    const renewed = await makeIdentity('leaf', { issuer: middle, key: leaf.privateKey! })
    assert.equal(await bits(renewed, alone(leaf)), 66)
    assert.equal(await bits(await makeIdentity('subject', { issuer: root, ...PAST }), other), 1090)
  })

  test('certificates before and after their time, anywhere in the chain', async () => {
    assert.equal(await below({}, PAST), 1026)
    assert.equal(await below({}, FUTURE), 514)
    assert.equal(await below(PAST), 1026)
    assert.equal(await below(FUTURE), 514)
    const expired = await makeIdentity('expired', { isCa: true, ...PAST })
    assert.equal(await bits(expired, expired), 1026)
    assert.equal(await bits(await makeIdentity('subject', { issuer: expired }), expired), 1026)
  })

  test('signatures of somebody else', async () => {
    const signer = other.privateKey!
    assert.equal(await below({}, { signer }), 2050)
    assert.equal(await below({ signer }), 2050)
    assert.equal(await below({}, { signer, ...PAST }), 3074)
  })

  test('issuers that are no authority', async () => {
    assert.equal(await below({ isCa: false }), 65_666)
    assert.equal(await below({ isCa: false, extensions: without(OID.keyUsage) }), 130)
    assert.equal(await below({ extensions: without(OID.keyUsage) }), 0)
    assert.equal(await below({ extensions: signingNothing(true) }), 65_538)
    assert.equal(await below({ extensions: signingNothing(false) }), 65_538)
  })

  test('authorities below one that allows none', async () => {
    const last = await makeIdentity('last', { isCa: true, extensions: pathLength(0) })
    assert.equal(await bits(await makeIdentity('subject', { issuer: last }), last), 0)
    const more = await makeIdentity('more', { isCa: true, issuer: last })
    assert.equal(await bits(more, last), 0)
    const subject = await makeIdentity('subject', { issuer: more })
    assert.equal(await bits(subject, last), 65_538)
    const two = await makeIdentity('two', { isCa: true, extensions: pathLength(1) })
    const below = await makeIdentity('below', { isCa: true, issuer: two })
    assert.equal(await bits(await makeIdentity('subject', { issuer: below }), two), 0)
  })

  test('short keys, even in the list', async () => {
    assert.equal(await below({}, { key: weakKey }), 258)
    assert.equal(await below({ key: weakKey }), 258)
    const weak = await makeIdentity('weak', { isCa: true, key: weakKey })
    assert.equal(await bits(weak, weak), 258)
    assert.equal(await bits(weak, other), 322)
  })

  test('signatures with SHA-1', async () => {
    const issuer = await makeIdentity('issuer', { isCa: true, key: rsaKey(2048) })
    const subject = signedWithSha1(
      await makeIdentity('subject', { issuer, key: rsaKey(2048) }),
      issuer,
    )
    assert.ok(subject.certificate.isSignedBy(issuer.publicKey))
    assert.equal(await bits(subject, issuer), 258)
    assert.equal(await bits(subject, alone(subject)), 0)
  })
})

/** Whoever has the key can make it: all but name and key are the own claims of the certificate. */
function twinOf({ certificate, privateKey }: Identity, options: MakeOptions = {}) {
  return makeIdentity('', { isCa: true, subject: certificate, key: privateKey!, ...options })
}

function listOf(issuer: Identity, ...revoked: Identity[]): Promise<RevocationList> {
  const certificates = revoked.map((it) => it.certificate)
  return RevocationList.create(issuer, certificates)
}

suite('what has the name and key of a trusted certificate, and is not in the list,', () => {
  test('makes no authority of one that is none', async () => {
    const twin = await twinOf(leaf)
    assert.equal(await bits(await makeIdentity('subject', { issuer: twin }), leaf), 65_666)
    const second = await twinOf(leaf, { issuer: twin })
    assert.equal(await bits(await makeIdentity('subject', { issuer: second }), leaf), 65_666)
    assert.equal(await bits(twin, leaf), 65_666)
    const forged = await twinOf(leaf, { issuer: root, signer: leaf.privateKey! })
    assert.equal(await bits(await makeIdentity('subject', { issuer: forged }), leaf), 2050)
    const stray = await twinOf(leaf, { issuer: other })
    assert.equal(await bits(await makeIdentity('subject', { issuer: stray }), leaf), 66)
  })

  test('does not prolong the time of an authority', async () => {
    const expired = await makeIdentity('expired', { isCa: true, issuer: root, ...PAST })
    for (const issuer of [await twinOf(expired), await twinOf(expired, { issuer: other })]) {
      const subject = await makeIdentity('subject', { issuer })
      assert.equal(await bits(subject, expired), 1026)
      assert.equal(await bits(subject, alone(expired)), 1026)
    }
    const forged = await twinOf(expired, { issuer: root, signer: expired.privateKey! })
    assert.equal(await bits(await makeIdentity('subject', { issuer: forged }), expired), 2050)
  })

  test('does not bring back an authority that is revoked', async () => {
    const list = await listOf(root, middle)
    const twin = await twinOf(middle)
    for (const issuer of [twin, await twinOf(middle, { issuer: twin })]) {
      assert.equal(await bits(await makeIdentity('subject', { issuer }), middle, list), 34)
    }
  })

  test('counts if a trusted authority signed it', async () => {
    const expired = await makeIdentity('expired', { isCa: true, issuer: root, ...PAST })
    for (const renewed of [expired, leaf]) {
      const issuer = await twinOf(renewed, { issuer: root })
      assert.equal(await bits(await makeIdentity('subject', { issuer }), renewed), 0)
    }
  })

  test('leads to one that is in the list, and valid', async () => {
    const issuer = await twinOf(middle, { issuer: other })
    assert.equal(await bits(await makeIdentity('subject', { issuer }), alone(middle)), 0)
    const expired = await makeIdentity('expired', { isCa: true, ...PAST })
    const renewed = await twinOf(expired)
    const subject = await makeIdentity('subject', { issuer: expired })
    for (const it of [subject, alone(subject)]) {
      assert.equal(await bits(it, expired, renewed), 0)
      assert.equal(await bits(it, renewed, expired), 0)
    }
  })
})

suite('revoked are', () => {
  test('certificates on a list of a trusted authority', async () => {
    assert.equal(await bits(middle, root, await listOf(root, middle)), 34)
    assert.equal(await bits(leaf, root, await listOf(root, middle)), 34)
    assert.equal(await bits(leaf, alone(middle), await listOf(middle, leaf)), 34)
    assert.equal(await bits(leaf, leaf, await listOf(middle, leaf)), 34)
    assert.equal(await bits(other, root, other, await listOf(root, middle)), 0)
  })

  test('for the C++ library, not those that have expired, too', async () => {
    const expired = await makeIdentity('expired', { issuer: root, ...PAST })
    assert.equal(await bits(expired, root, await listOf(root, expired)), 1026 | 32)
  })

  test('not those on lists of others', async () => {
    assert.equal(await bits(leaf, root, await listOf(middle, leaf)), 0)
    assert.equal(await bits(middle, await listOf(root, middle), root), 0)
    const impostor = await makeIdentity('root', { isCa: true, subject: root.certificate })
    assert.equal(await bits(middle, root, await listOf(impostor, middle)), 0)
  })

  test('those on the list with the highest number, in whatever order they come', async () => {
    const first = await RevocationList.create(root, [middle.certificate], { number: 255n })
    const second = await RevocationList.create(root, [], { number: 256n })
    assert.equal(await bits(middle, root, first, second), 0)
    assert.equal(await bits(middle, root, second, first), 0)
  })

  test('those on a list that is attached to an issuer in the chain', async () => {
    const issuer = await makeIdentity('issuer', { isCa: true, issuer: root })
    const subject = await makeIdentity('subject', { issuer })
    const list = new TrustList()
    list.add(root.certificate)
    assert.equal((await list.verify(subject.certificate)).bits, 0)
    await issuer.certificate.revoke(issuer.privateKey!, subject.certificate)
    // The C++ library looks only at lists that were attached when an issuer was added.
    assert.equal((await list.verify(subject.certificate)).bits, 34)
    assert.equal(await bits(alone(subject), issuer), 34)
  })

  test('those on a list attached above a trusted one, in the chain or before', async () => {
    const issuer = await makeIdentity('issuer', { isCa: true })
    const authority = await makeIdentity('authority', { isCa: true, issuer })
    const subject = await makeIdentity('subject', { issuer: authority })
    const list = new TrustList()
    list.add(authority.certificate)
    const read = Certificate.from(subject.certificate.toPem())
    assert.equal((await list.verify(read)).bits, 0)
    await issuer.certificate.revoke(issuer.privateKey!, authority.certificate)
    assert.equal((await list.verify(read)).bits, 34)
    assert.equal(await bits(subject, alone(authority)), 34)
  })

  test('those that were removed, until they are added again', async () => {
    const list = new TrustList()
    const verdict = async (it: Identity) => (await list.verify(it.certificate)).bits
    list.add(root.certificate)
    list.remove(middle.certificate, { parents: false })
    assert.deepEqual([await verdict(middle), await verdict(leaf), await verdict(root)], [34, 34, 0])
    list.add(middle.certificate)
    assert.equal(await verdict(leaf), 0)
    list.remove(middle.certificate)
    assert.deepEqual([await verdict(leaf), await verdict(root)], [34, 34])
    assert.equal(await verdict(await makeIdentity('subject', { issuer: root })), 66)
  })
})

test('verdicts hold for the time that is given', async () => {
  const list = new TrustList()
  list.add(root.certificate)
  const at = (ms: number) => list.verify(leaf.certificate, { at: new Date(Date.now() + ms) })
  assert.equal((await at(0)).isValid, true)
  assert.deepEqual((await at(2 * DAY_MS)).reasons, ['expired'])
  assert.deepEqual((await at(-2 * DAY_MS)).reasons, ['notYetValid'])
  await assert.rejects(at(Number.NaN), { name: 'RangeError', message: 'at must be a valid date' })
})

test('results have the words of the C++ library', () => {
  assert.equal(String(new VerifyResult(0)), 'Certificate is valid\n')
  assert.equal(
    String(new VerifyResult(65_536 | 128 | 1024)),
    'Certificate check failed with code: 66690\n' +
      "* Certificate's issuer not a CA\n" +
      "* Certificate's signer constraints were violated\n" +
      '* Certificate has expired\n',
  )
  assert.deepEqual(new VerifyResult(2048 | 64).reasons, ['badSignature', 'issuerUnknown'])
})
