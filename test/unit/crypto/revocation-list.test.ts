// SPDX-License-Identifier: MIT
// Revocation lists that are made, continued, attached and refused.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encodeList } from '../../../src/crypto/asn1/codecs.ts'
import { writeInteger, writeItem, writeOid, writeSequence } from '../../../src/crypto/der-writer.ts'
import { Identity } from '../../../src/crypto/identity.ts'
import { RevocationList } from '../../../src/crypto/revocation-list.ts'
import { DAY_MS, makeIdentity, rsaKey } from '../../support/certificate-kit.ts'

const issuer = await makeIdentity('issuer', { isCa: true, key: rsaKey(2048), toMs: 3 * DAY_MS })
const other = await makeIdentity('other', { isCa: true })
const [first, second] = [
  (await makeIdentity('first', { issuer })).certificate,
  (await makeIdentity('second', { issuer })).certificate,
]

suite('revocation lists', () => {
  test('revoke what is on them, and are signed by their issuer', async () => {
    for (const by of [issuer, other]) {
      const { certificate } = await makeIdentity('subject', { issuer: by })
      const sibling = (await makeIdentity('sibling', { issuer: by })).certificate
      const made = await RevocationList.create(by, [certificate])
      for (const form of [made.packed, made.toPem(), Buffer.from(made.toPem())]) {
        const list = RevocationList.from(form)
        assert.ok(list.isRevoked(certificate))
        assert.ok(!list.isRevoked(sibling))
        assert.ok(!list.isRevoked(by.certificate))
        assert.ok(list.isSignedBy(by.certificate))
        assert.ok(!list.isSignedBy(by === issuer ? other.certificate : issuer.certificate))
        assert.ok(!list.isSignedBy(certificate))
        assert.equal(list.issuerName, by.certificate.name)
        assert.equal(list.issuerUid, by.certificate.id.toString())
        assert.equal(list.issuer, by.certificate.subject)
        assert.match(String(list), /^Revocation list \d+ of "(issuer|other)"\n/)
      }
    }
  })

  test('say when: now, and until the issuer expires, unless told otherwise', async () => {
    const plain = await RevocationList.create(issuer, [first])
    assert.ok(Math.abs(+plain.thisUpdate - Date.now()) < 60_000)
    assert.equal(+plain.nextUpdate!, +issuer.certificate.notAfter)
    const revokedAt = new Date('2020-02-02T02:02:02Z')
    const dated = await RevocationList.create(issuer, [first], { revokedAt, validityMs: DAY_MS })
    assert.equal(+dated.nextUpdate! - +dated.thisUpdate, DAY_MS)
    assert.deepEqual(dated.revoked, [{ serialNumber: first.serialNumber, revokedAt }])
    const next = await RevocationList.create(issuer, [first, second], { previous: dated })
    assert.deepEqual(next.revoked[0], dated.revoked[0], 'what was revoked stays as it was')
    assert.equal(next.revoked.length, 2)
  })

  test('have numbers: random at first, then the next, or as told', async () => {
    const [a, b] = [
      await RevocationList.create(issuer, []),
      await RevocationList.create(issuer, []),
    ]
    assert.ok(a.number! > 0n && a.number !== b.number)
    const next = await RevocationList.create(issuer, [], { previous: a })
    assert.equal(next.number, a.number! + 1n)
    for (const number of [0n, 127n, 128n, 255n, 256n, 2n ** 63n, 2n ** 64n, 2n ** 159n - 1n]) {
      const list = await RevocationList.create(issuer, [], { number })
      assert.equal(RevocationList.from(list.packed).number, number)
    }
  })

  test('are newer by number, as a number', async () => {
    const list = (number: bigint) => RevocationList.create(issuer, [], { number })
    const [small, large] = [await list(255n), await list(65_536n)]
    assert.ok(large.isNewerThan(small))
    assert.ok(!small.isNewerThan(large))
    assert.ok(!small.isNewerThan(small))
  })

  test('without a number are newer by date; what looks negative is read', async () => {
    const content = {
      issuer: issuer.certificate.fields.subject.der,
      thisUpdate: new Date('2020-01-01T00:00:00Z'),
      nextUpdate: new Date('2020-02-01T00:00:00Z'),
      entries: [{ serialNumber: Uint8Array.of(0x80, 1), revokedAt: new Date('2020-01-01') }],
      number: undefined as Uint8Array | undefined,
    }
    const key = issuer.privateKey!
    const old = RevocationList.from(await encodeList(content, key, 'sha512'))
    assert.equal(old.number, undefined)
    assert.deepEqual(old.revoked[0]!.serialNumber, Uint8Array.of(0x80, 1))
    assert.ok((await RevocationList.create(issuer, [])).isNewerThan(old))
    const negative = { ...content, number: writeItem(2, Buffer.from('9e8f7eb2c5a70e59', 'hex')) }
    const read = RevocationList.from(await encodeList(negative, key, 'sha512'))
    assert.equal(read.number, 0x9e8f7eb2c5a70e59n)
    const { certificate } = await makeIdentity('x', {
      issuer,
      serialNumber: Uint8Array.of(0x80, 1),
    })
    assert.ok(old.isRevoked(certificate))
  })

  test('of thousands of certificates are read', async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => ({
      serialNumber: Uint8Array.of(1, i >> 8, i & 0xff, 0, 0, 0, 0, 0),
      revokedAt: new Date(),
    }))
    const { subject } = issuer.certificate.fields
    const [thisUpdate, nextUpdate] = [new Date(), new Date()]
    const content = { issuer: subject.der, thisUpdate, nextUpdate, entries }
    const der = await encodeList({ ...content, number: undefined }, issuer.privateKey!, 'sha512')
    const list = RevocationList.from(der)
    assert.equal(list.revoked.length, 5000)
    assert.ok(list.isSignedBy(issuer.certificate))
  })
})

suite('revocation lists that are refused', () => {
  const create = (options: object) => RevocationList.create(issuer, [first], options)
  const cases: [options: object, error: object][] = [
    [{ number: 1 }, { name: 'TypeError', message: /^number must be a bigint: got 1$/ }],
    [{ number: -1n }, { name: 'RangeError', message: /got -1$/ }],
    [{ number: 2n ** 159n }, { name: 'RangeError', message: /^number must be 0 or more and fit/ }],
    [{ validityMs: 0 }, { name: 'RangeError', message: /^validityMs must be/ }],
  ]
  for (const [options, error] of cases) {
    const [[name, value] = []] = Object.entries(options)
    test(`with ${name} ${value}`, () => assert.rejects(create(options), error))
  }

  test('by those who may not', async () => {
    const leaf = await makeIdentity('leaf', { issuer })
    const { certificate } = issuer
    const refused: [Identity, string][] = [
      [leaf, 'ERR_CRYPTO_CERTIFICATE'],
      [new Identity(undefined, certificate), 'ERR_CRYPTO_NO_IDENTITY'],
      [{ privateKey: leaf.privateKey, certificate } as Identity, 'ERR_CRYPTO_MISMATCH'],
      [other, 'ERR_CRYPTO_MISMATCH'],
    ]
    for (const [by, code] of refused) {
      await assert.rejects(RevocationList.create(by, [first]), { code })
    }
  })

  test('that are no lists', async () => {
    const list = await RevocationList.create(issuer, [first])
    const der = list.packed
    const inputs = [
      '',
      list.toPem().slice(0, -10),
      first.toPem(),
      new Uint8Array(),
      der.subarray(0, -1),
      Uint8Array.of(...der, 0),
      first.toDer(),
      new Uint8Array(300_000),
    ]
    for (const input of inputs) {
      assert.throws(() => RevocationList.from(input), { code: 'ERR_CRYPTO_CERTIFICATE' })
    }
  })

  test('that mean something else', async () => {
    const { subject } = issuer.certificate.fields
    const date = writeItem(0x17, Buffer.from('260101000000Z'))
    const entry = (...more: Uint8Array[]) => writeSequence(writeInteger(5), date, ...more)
    const extension = (oid: string, isCritical: boolean) => {
      const value = writeItem(0x04, writeInteger(1))
      const flag = isCritical ? [writeItem(0x01, Uint8Array.of(0xff))] : []
      return writeSequence(writeSequence(writeOid(oid), ...flag, value))
    }
    const list = (...parts: Uint8Array[]) => {
      const algorithm = writeSequence(writeOid('1.2.840.113549.1.1.13'))
      const start = [writeInteger(1), algorithm, subject.der, date]
      const body = writeSequence(...start, ...parts)
      return writeSequence(body, algorithm, writeItem(0x03, Uint8Array.of(0, 1)))
    }
    const number = '2.5.29.20'
    const plain = RevocationList.from(list(writeSequence(entry(extension('2.5.29.21', false)))))
    assert.equal(plain.nextUpdate, undefined)
    assert.deepEqual(plain.revoked[0]!.serialNumber, Uint8Array.of(5))
    assert.equal(RevocationList.from(list(writeItem(0xa0, extension(number, true)))).number, 1n)

    const others: [what: string, der: Uint8Array][] = [
      ['only changes to another list', list(writeItem(0xa0, extension('2.5.29.27', true)))],
      ['entries of several issuers', list(writeSequence(entry(extension('2.5.29.29', true))))],
      ['entries with further parts', list(writeSequence(entry(writeSequence(), writeSequence())))],
      ['entries without a date', list(writeSequence(writeSequence(writeInteger(5))))],
      ['entries that are none', list(writeSequence(writeInteger(5)))],
      ['serial numbers that are none', list(writeSequence(writeSequence(date, date)))],
      ['further parts', list(writeSequence(), writeItem(0xa0, writeSequence()), writeInteger(1))],
      ['no such date', list(writeItem(0x17, Buffer.from('261301000000Z')))],
    ]
    for (const [what, der] of others) {
      assert.throws(() => RevocationList.from(der), { code: 'ERR_CRYPTO_CERTIFICATE' }, what)
    }
  })

  test('whose content was changed', async () => {
    const der = (await RevocationList.create(issuer, [first])).packed
    const index = Buffer.from(der).indexOf(Buffer.from(first.serialNumber))
    der[index + first.serialNumber.length - 1]! ^= 1
    const changed = RevocationList.from(der)
    assert.ok(!changed.isRevoked(first))
    assert.ok(!changed.isSignedBy(issuer.certificate))
  })
})

suite('lists that are attached to a certificate', () => {
  test('grow with each revocation', async () => {
    const { privateKey, certificate } = await makeIdentity('grower', { isCa: true })
    const grower = new Identity(privateKey, certificate)
    const [a, b] = [
      (await makeIdentity('a', { issuer: grower })).certificate,
      (await makeIdentity('b', { issuer: grower })).certificate,
    ]
    assert.equal(certificate.revocationList, undefined)
    const one = await certificate.revoke(privateKey!, a)
    const two = await certificate.revoke(privateKey!, b, { validityMs: DAY_MS })
    assert.equal(certificate.revocationList, two)
    assert.equal(two.number, one.number! + 1n)
    assert.ok(two.isRevoked(a) && two.isRevoked(b) && !one.isRevoked(b))
    const unrelated = certificate.revoke(privateKey!, first)
    const message = /^Cannot revoke "first": it was issued by "issuer", not by "grower"$/
    await assert.rejects(unrelated, { code: 'ERR_CRYPTO_MISMATCH', message })
    assert.equal(certificate.revocationList, two)
  })

  test('lose nothing when several certificates are revoked at once', async () => {
    const { privateKey, certificate } = await makeIdentity('busy', { isCa: true })
    const busy = new Identity(privateKey, certificate)
    const made = Array.from({ length: 4 }, () => makeIdentity('leaf', { issuer: busy }))
    const leaves = (await Promise.all(made)).map((it) => it.certificate)
    const foreign = certificate.revoke(privateKey!, first)
    await Promise.all([
      assert.rejects(foreign, { code: 'ERR_CRYPTO_MISMATCH' }),
      ...leaves.map((it) => certificate.revoke(privateKey!, it)),
    ])
    for (const leaf of leaves) assert.ok(certificate.revocationList!.isRevoked(leaf))
  })

  test('are the newest, and signed by that certificate', async () => {
    const { certificate } = new Identity(issuer.privateKey, issuer.certificate)
    const [old, newer] = [
      await RevocationList.create(issuer, [first], { number: 9n }),
      await RevocationList.create(issuer, [second], { number: 10n }),
    ]
    for (const list of [newer, old]) certificate.addRevocationList(list)
    assert.equal(certificate.revocationList, newer)
    const message = /^The revocation list of "other" is not signed by "issuer"$/
    const foreign = await RevocationList.create(other, [])
    const error = { code: 'ERR_CRYPTO_SIGNATURE', message }
    assert.throws(() => certificate.addRevocationList(foreign), error)
  })
})
