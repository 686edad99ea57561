// SPDX-License-Identifier: MIT
// Certificates, chains, requests and identity files between the C++ library and ours: both say the
// same of what either makes, and come to the same verdicts.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { certificateData } from '../../src/core/value/service-data.ts'
import { Certificate } from '../../src/crypto/certificate.ts'
import { certificateKeys } from '../../src/crypto/certificate-keys.ts'
import { CertificateRequest } from '../../src/crypto/certificate-request.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { PrivateKey } from '../../src/crypto/private-key.ts'
import {
  assertVerdict,
  EXPIRED,
  type Family,
  issueHere,
  issueThere,
  MAKERS,
  makeFamilies,
  toCpp,
  UNKNOWN_ISSUER,
  VALID,
  verdictHere,
  verdictThere,
} from '../support/certificate-families.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import { CppSecure } from '../support/cpp-secure.ts'
import { damaged } from '../support/interop-kit.ts'
import { poll } from '../support/watch.ts'

let cpp: CppSecure
let stranger: Identity
let families: Map<string, Family>

describe('certificates', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    cpp = await CppSecure.start()
    stranger = await issueHere('stranger')
    families = await makeFamilies(cpp)
  })
  after(() => cpp?.close())
  for (const maker of MAKERS) {
    describe(`made ${maker}`, () => defineTests(() => families.get(maker)!))
  }

  test('of requests made here are issued there', async () => {
    const { account } = families.get('there')!
    const key = await PrivateKey.generate({ bits: 2048 })
    const request = await CertificateRequest.generate(key, {
      name: 'asked here',
      uid: 'somebody',
      subjectAltNames: [{ type: 'dns', value: 'example.org' }],
    })
    const expected = { name: 'asked here', uid: 'somebody', isVerified: true }
    assert.deepEqual(await cpp.readRequest(request.toPem()), expected)
    const issued = await cpp.issue(request.toPem(), await toCpp(account))
    await assertRequested(Certificate.from(issued.packed), key, account)
  })

  test('of requests made there are issued here', async () => {
    const { account } = families.get('here')!
    const key = await PrivateKey.generate({ bits: 2048 })
    const init = { name: 'asked there', uid: 'somebody', dnsNames: ['example.org'] }
    const bytes = await cpp.makeRequest(await key.toPem(), init)
    const request = await CertificateRequest.from(bytes)
    assert.equal(request.name, init.name)
    assert.equal(request.uid, init.uid)
    assert.deepEqual(request.subjectAltNames, [{ type: 'dns', value: 'example.org' }])
    assert.ok(request.verify())
    await assertRequested(await Certificate.fromRequest(request, account), key, account)
  })

  test('of requests that are damaged are issued by nobody', async () => {
    const { account } = families.get('here')!
    const request = await CertificateRequest.generate(account.privateKey!, { name: 'asked' })
    const der = request.toDer()
    const broken = damaged(der, der.length - 1)
    const read = await CertificateRequest.from(broken)
    assert.equal(read.verify(), false)
    const code = 'ERR_CRYPTO_SIGNATURE'
    await assert.rejects(Certificate.fromRequest(read, account), { code })
    assert.equal((await cpp.readRequest(read.toPem())).isVerified, false)
  })

  test('of no authority certify nobody, here and there', async () => {
    const { device } = families.get('here')!
    const code = 'ERR_CRYPTO_CERTIFICATE'
    await assert.rejects(issueHere('x', device), { code })
    await assert.rejects(issueThere(cpp)('x', device), /CryptoException/)
  })

  test('that have expired are refused by both', async () => {
    const { account } = families.get('here')!
    const key = account.privateKey!
    const options = { name: 'short', issuer: account, validityMs: 1000 }
    const ours = await Certificate.generate(key, options)
    const { certificate } = await cpp.makeIdentity('short', {
      ca: await toCpp(account),
      key: await key.toPem(),
      validitySeconds: 1,
    })
    const theirs = Certificate.from(certificate)
    const end = Math.max(ours.notAfter.getTime(), theirs.notAfter.getTime()) + 1000
    await poll(() => Date.now() > end, 10_000, 'both have expired', 100)
    for (const it of [ours, theirs]) await assertVerdict(cpp, it, [account.certificate], EXPIRED)
  })
})

function defineTests(family: () => Family): void {
  test('say the same to both', async () => {
    for (const { certificate } of Object.values(family()) as Identity[]) {
      const theirs = await cpp.certificate(certificate.packed)
      const { publicKey, packed, altNames, ...rest } = theirs
      assert.deepEqual(rest, describeHere(certificate))
      assert.deepEqual(packed, certificate.packed)
      assert.deepEqual(publicKey.der, certificate.publicKey.toDer())
      assert.deepEqual(altNames, [])
      const alone = await cpp.certificate(certificate.toDer())
      assert.deepEqual(alone.id, rest.id)
      assert.equal(alone.chainLength, 1)
    }
  })

  test('are trusted by both for the same reasons', async () => {
    const { root, account, device, curve } = family()
    const alone = (it: Identity) => Certificate.fromDer(it.certificate.toDer())
    const cases: [subject: Certificate, anchors: Certificate[], bits: number][] = [
      [device.certificate, [root.certificate], VALID],
      [device.certificate, [account.certificate], VALID],
      [device.certificate, [alone(account)], VALID],
      [account.certificate, [device.certificate], VALID],
      [alone(device), [alone(device)], VALID],
      [curve.certificate, [curve.certificate.issuer!], VALID],
      [root.certificate, [root.certificate], VALID],
      [alone(device), [alone(root)], UNKNOWN_ISSUER],
      [device.certificate, [stranger.certificate, curve.certificate], UNKNOWN_ISSUER],
      [device.certificate, [], UNKNOWN_ISSUER],
    ]
    for (const [subject, anchors, bits] of cases) await assertVerdict(cpp, subject, anchors, bits)
  })

  test('are stored by nodes of both at the key of their id', async () => {
    for (const { certificate } of Object.values(family()) as Identity[]) {
      const { id, packed } = certificate
      for (const data of [packed, certificateData(packed), certificate.toDer()]) {
        assert.ok(await cpp.storesCertificate(id.toString(), data))
        assert.equal(await cpp.storesCertificate(stranger.id.toString(), data), false)
        assert.ok(certificateKeys(data)?.some((key) => key.equals(id)))
        assert.ok(!certificateKeys(data)?.some((key) => key.equals(stranger.id)))
      }
    }
  })

  test('that are damaged are refused by both', async () => {
    const { root, account, device } = family()
    const der = device.certificate.toDer()
    assert.throws(() => Certificate.from(der.subarray(0, -1)), { code: 'ERR_CRYPTO_CERTIFICATE' })
    await assert.rejects(cpp.certificate(der.subarray(0, -1)), /CryptoException/)
    // The last byte is one of the signature.
    const forged = Certificate.fromDer(damaged(der, der.length - 1), account.certificate)
    const anchors = [root.certificate]
    assert.ok(!(await verdictHere(forged, anchors)).isValid)
    assert.ok(!(await verdictThere(cpp, forged, anchors)).isValid)
  })

  test('come with their keys in files of the other side', async () => {
    const { device } = family()
    const directory = mkdtempSync(join(tmpdir(), 'opendht-'))
    try {
      for (const password of ['', 'secret']) {
        const path = join(directory, `theirs${password}`)
        await cpp.saveIdentity(await toCpp(device), path, password)
        const read = await Identity.load(path, password)
        assert.ok(read.certificate.equals(device.certificate))
        assert.equal(read.certificate.chain().length, 3)
        assert.ok(read.privateKey!.publicKey.equals(device.publicKey))
      }
      const path = join(directory, 'ours')
      await device.save(path)
      const key = await cpp.privateKey(await readFile(`${path}.pem`))
      assert.equal(key.longId, device.longId.toString())
      const certificate = await cpp.certificate(await readFile(`${path}.crt`))
      assert.equal(certificate.longId, device.longId.toString())
      assert.equal(certificate.chainLength, 3)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
}

async function assertRequested(
  certificate: Certificate,
  key: PrivateKey,
  { certificate: issuer }: Identity,
): Promise<void> {
  assert.ok(certificate.publicKey.equals(key.publicKey))
  assert.equal(certificate.uid, 'somebody')
  assert.match(certificate.name, /^asked/)
  const read = await cpp.certificate(certificate.packed)
  assert.equal(read.longId, key.publicKey.longId.toString())
  assert.equal(read.uid, 'somebody')
  assert.equal(read.issuerUid, issuer.uid)
  assert.equal(certificate.issuerUid, issuer.uid)
  assert.deepEqual(read.altNames, [])
  await assertVerdict(cpp, certificate, [issuer], VALID)
}

function describeHere(certificate: Certificate) {
  const { id, longId, name, uid, issuerName, issuerUid } = certificate
  const { serialNumber, isCa, notBefore, notAfter } = certificate
  return {
    id: id.toString(),
    longId: longId.toString(),
    name,
    uid,
    issuerName,
    issuerUid,
    serial: Buffer.from(serialNumber).toString('hex'),
    isCa,
    notBefore,
    notAfter,
    chainLength: certificate.chain().length,
  }
}
