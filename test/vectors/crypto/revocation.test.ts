// SPDX-License-Identifier: MIT
// Revocation lists of the C++ implementation, and its verdicts on certificates.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encodeList } from '../../../src/crypto/asn1/codecs.ts'
import type { Certificate } from '../../../src/crypto/certificate.ts'
import { RevocationList } from '../../../src/crypto/revocation-list.ts'
import { TrustList } from '../../../src/crypto/trust-list.ts'
import {
  RECORDED,
  recordedCertificate,
  recordedIdentity,
} from '../../support/certificate-vectors.ts'
import { VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface RevocationVectors {
  steps: {
    step: string
    packed_hex: string
    number_hex: string
    issuer_cn: string
    issuer_uid: string
    /** Seconds since the epoch. */
    this_update: number
    next_update: number
    signed_by_account: boolean
    signed_by_ca: boolean
    device1_revoked: boolean
    device2_revoked: boolean
  }[]
  trust_list: Record<string, boolean | number | string>
}

for (const version of VERSIONS) {
  suite(`revocation lists of ${version}`, () => {
    const { steps } = loadVectors<RevocationVectors>(`crypto/${version}/crl`)
    const certificate = (label: string): Certificate => recordedCertificate(version, label)

    for (const step of steps) {
      test(`${step.step}: is read`, async () => {
        const der = fromHex(step.packed_hex)
        for (const form of [der, RevocationList.from(der).toPem()]) {
          const list = RevocationList.from(form)
          assert.equal(toHex(list.packed), step.packed_hex)
          assert.equal(list.number, BigInt(`0x${step.number_hex}`))
          assert.equal(list.issuerName, step.issuer_cn)
          assert.equal(list.issuerUid, step.issuer_uid)
          assert.equal(+list.thisUpdate, 1000 * step.this_update)
          assert.equal(Number(list.nextUpdate), 1000 * step.next_update)
          assert.equal(list.isSignedBy(certificate('account')), step.signed_by_account)
          assert.equal(list.isSignedBy(certificate('ca')), step.signed_by_ca)
          assert.equal(list.isRevoked(certificate('device1')), step.device1_revoked)
          assert.equal(list.isRevoked(certificate('device2')), step.device2_revoked)
        }
      })

      test(`${step.step}: is written the same`, async () => {
        const { privateKey } = await recordedIdentity(version, 'account')
        const { number_hex, this_update, next_update } = step
        const { revoked } = RevocationList.from(fromHex(step.packed_hex))
        const content = {
          issuer: certificate('account').fields.subject.der,
          thisUpdate: new Date(1000 * this_update),
          nextUpdate: new Date(1000 * next_update),
          entries: revoked,
          number: fromHex(
            `02${(number_hex.length / 2).toString(16).padStart(2, '0')}${number_hex}`,
          ),
        }
        assert.equal(toHex(await encodeList(content, privateKey!, 'sha512')), step.packed_hex)
      })
    }
  })

  suite(`verdicts of ${version}`, () => {
    const { steps, trust_list: expected } = loadVectors<RevocationVectors>(`crypto/${version}/crl`)
    const certificate = (label: string): Certificate => recordedCertificate(version, label)
    const isValid = async (list: TrustList, label: string): Promise<boolean> =>
      (await list.verify(certificate(label), { at: RECORDED })).isValid

    const trusting = (...labels: string[]): TrustList => {
      const list = new TrustList()
      for (const label of labels) list.add(certificate(label))
      return list
    }

    test('on chains', async () => {
      const ca = trusting('ca')
      const account = trusting('account')
      const ecCa = trusting('ec_ca')
      const verdicts = {
        'trust ca: account': await isValid(ca, 'account'),
        'trust ca: device1': await isValid(ca, 'device1'),
        'trust account+ca chain: device1': await isValid(account, 'device1'),
        'rsa4096 under trust of account chain': await isValid(account, 'rsa4096'),
        'self signed rsa3072': await isValid(account, 'rsa3072_selfsigned'),
        'ec_ca trusts ec_leaf': await isValid(ecCa, 'ec_leaf'),
        'ec_ca trusts rsa_under_ec': await isValid(ecCa, 'rsa_under_ec'),
        'empty list: self signed ca': await isValid(trusting(), 'ca'),
        'empty list bits': (await trusting().verify(certificate('ca'), { at: RECORDED })).bits,
      }
      for (const [name, verdict] of Object.entries(verdicts)) {
        assert.equal(verdict, expected[name], name)
      }
    })

    test('on revoked certificates', async () => {
      const list = trusting('account')
      list.add(RevocationList.from(fromHex(steps[0]!.packed_hex)))
      const verdict = await list.verify(certificate('device1'), { at: RECORDED })
      assert.equal(verdict.isValid, expected['after adding CRL: device1'])
      assert.equal(verdict.bits, expected['after adding CRL: device1 result bits'])
      assert.equal(verdict.toString(), expected['text'])
    })

    test('with a list attached to the issuer', async () => {
      const { privateKey, certificate: account } = await recordedIdentity(version, 'account')
      await account.revoke(privateKey!, certificate('device2'))
      const list = new TrustList()
      list.add(account)
      for (const label of ['device1', 'device2']) {
        const name = `cert with attached CRL: ${label}`
        assert.equal(await isValid(list, label), expected[name], name)
      }
    })
  })
}
