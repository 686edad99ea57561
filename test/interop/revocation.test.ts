// SPDX-License-Identifier: MIT
// Revocation lists between the C++ library and ours: whoever signs one, or takes one on, both find
// the same certificates revoked.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Certificate } from '../../src/crypto/certificate.ts'
import type { Identity } from '../../src/crypto/identity.ts'
import { RevocationList } from '../../src/crypto/revocation-list.ts'
import {
  assertVerdict,
  type Family,
  MAKERS,
  makeFamilies,
  REVOKED,
  toCpp,
  VALID,
} from '../support/certificate-families.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import { CppSecure } from '../support/cpp-secure.ts'
import { damaged } from '../support/interop-kit.ts'

let cpp: CppSecure
let families: Map<string, Family>

describe('revocation', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    cpp = await CppSecure.start()
    families = await makeFamilies(cpp)
  })
  after(() => cpp?.close())
  for (const maker of MAKERS) {
    describe(`of certificates made ${maker}`, () => defineTests(() => families.get(maker)!))
  }

  test('of serial numbers of both signs is understood by both', async () => {
    const { account } = families.get('here')!
    const [ca, key] = [await toCpp(account), await account.privateKey!.toPem()]
    const made = await Promise.all(
      Array.from({ length: 24 }, () => cpp.makeIdentity('x', { ca, key })),
    )
    const all = made.map(({ certificate }) => Certificate.from(certificate))
    const signs = new Set(all.map(({ serialNumber }) => serialNumber[0]! >> 7))
    assert.deepEqual([...signs].sort(), [0, 1])
    const [kept, ...revoked] = all as [Certificate, ...Certificate[]]
    const ours = await RevocationList.create(account, revoked)
    const theirs = await RevocationList.from(
      await cpp.makeRevocations(
        ca,
        revoked.map((it) => it.toPem()),
      ),
    )
    for (const list of [ours, theirs]) {
      for (const it of revoked) await assertRevoked(list, it, account, true)
      await assertRevoked(list, kept, account, false)
    }
  })
})

function defineTests(family: () => Family): void {
  test('here counts for both, and is taken on there', async () => {
    const { account, device, lost } = family()
    const list = await RevocationList.create(account, [lost.certificate])
    await assertLost(list, family())
    // The other side takes the list on.
    const packed = await cpp.makeRevocations(
      await toCpp(account),
      [device.certificate.toPem()],
      list.packed,
    )
    await assertNextList(await RevocationList.from(packed), list, family())
  })

  test('there counts for both, and is taken on here', async () => {
    const { account, device, lost } = family()
    const packed = await cpp.makeRevocations(await toCpp(account), [lost.certificate.toPem()])
    const list = await RevocationList.from(packed)
    await assertLost(list, family())
    const options = { previous: list }
    const next = await RevocationList.create(account, [device.certificate], options)
    await assertNextList(next, list, family())
  })
}

async function assertRevoked(
  list: RevocationList,
  certificate: Certificate,
  issuer: Identity,
  isRevoked: boolean,
): Promise<void> {
  const read = await cpp.readRevocations(list.packed, certificate.packed, issuer.certificate.packed)
  assert.equal(read.isRevoked, isRevoked)
  assert.equal(list.isRevoked(certificate), isRevoked)
  assert.ok(read.isSigned)
  assert.ok(list.isSignedBy(issuer.certificate))
  assert.equal(read.number, list.number)
  assert.deepEqual(read.thisUpdate, list.thisUpdate)
  assert.deepEqual(read.nextUpdate, list.nextUpdate)
  assert.equal(read.issuerName, list.issuerName)
  assert.equal(read.issuerUid, list.issuerUid)
}

/** `list` revokes the lost device alone, and nobody but the account can say so. */
async function assertLost(list: RevocationList, family: Family): Promise<void> {
  const { root, account, device, lost } = family
  await assertRevoked(list, lost.certificate, account, true)
  await assertRevoked(list, device.certificate, account, false)
  const anchors = [root.certificate, account.certificate]
  await assertVerdict(cpp, lost.certificate, anchors, REVOKED, [list])
  await assertVerdict(cpp, device.certificate, anchors, VALID, [list])
  const attached = [{ certificate: account.certificate.packed, lists: [list.packed] }]
  assert.equal((await cpp.trust(lost.certificate.packed, attached)).bits, REVOKED)

  const { packed } = list
  const wrong: [list: Uint8Array, issuer: Identity][] = [
    [packed, root],
    [damaged(packed, packed.length - 1), account],
  ]
  for (const [bytes, { certificate }] of wrong) {
    const read = await RevocationList.from(bytes)
    assert.equal(read.isSignedBy(certificate), false)
    assert.throws(() => certificate.addRevocationList(read), { code: 'ERR_CRYPTO_SIGNATURE' })
    const { isSigned } = await cpp.readRevocations(
      bytes,
      lost.certificate.packed,
      certificate.packed,
    )
    assert.equal(isSigned, false)
    const anchor = { certificate: certificate.packed, lists: [bytes] }
    await assert.rejects(cpp.trust(lost.certificate.packed, [anchor]), /CryptoException/)
    await assertVerdict(cpp, lost.certificate, [certificate], VALID, [read])
  }
}

/** Both devices are revoked now. */
async function assertNextList(
  list: RevocationList,
  previous: RevocationList,
  { root, account, device, lost }: Family,
): Promise<void> {
  assert.equal(list.number, previous.number! + 1n)
  assert.ok(list.isNewerThan(previous))
  for (const { certificate } of [device, lost]) {
    await assertRevoked(list, certificate, account, true)
    const anchors = [root.certificate, account.certificate]
    await assertVerdict(cpp, certificate, anchors, REVOKED, [list])
  }
}
