// SPDX-License-Identifier: MIT
// Certificates that the C++ implementation made: what is read from them, and that ours come out the
// same, byte for byte.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  encodeCertificate,
  encodeName,
  standardExtensions,
} from '../../../src/crypto/asn1/codecs.ts'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { Identity } from '../../../src/crypto/identity.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { preferredDigest } from '../../../src/crypto/signature-algorithm.ts'
import {
  certificateVectors,
  RECORDED,
  recordedCertificate,
  recordedIdentity,
} from '../../support/certificate-vectors.ts'
import { keysByLabel, VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface RenewVectors {
  old_serial: string
  new_serial: string
  /** Seconds. */
  lifetime: number
  certificate_packed: string
  self_signed_packed: string
}

for (const version of VERSIONS) {
  suite(`certificates of ${version}`, () => {
    const vectors = certificateVectors(version)

    for (const vector of vectors) {
      test(`${vector.label} says the same in every form`, () => {
        const der = fromHex(vector.certificate_der_hex)
        const pem = Buffer.from(vector.certificate_packed)
        const forms = [vector.certificate_packed, pem, wrap(pem), der, wrap(der)]
        for (const form of forms) {
          const certificate = Certificate.from(form)
          assert.equal(toHex(certificate.toDer()), vector.certificate_der_hex)
          assert.equal(certificate.id.toString(), vector.cert_id)
          assert.equal(certificate.longId.toString(), vector.cert_long_id)
          assert.equal(certificate.name, vector.cn)
          assert.equal(certificate.uid, vector.uid)
          assert.equal(certificate.issuerName, vector.issuer_cn)
          assert.equal(certificate.issuerUid, vector.issuer_uid)
          assert.equal(certificate.subject, `UID=${vector.uid},CN=${vector.cn}`)
          assert.equal(toHex(certificate.serialNumber), vector.serial_hex)
          assert.equal(certificate.notBefore.getTime(), 1000 * vector.not_before)
          assert.equal(certificate.notAfter.getTime(), 1000 * vector.not_after)
          assert.equal(certificate.isCa, vector.is_ca)
          assert.deepEqual(certificate.subjectAltNames, [])
          certificate.checkValidity(RECORDED)
        }
      })
    }

    test('a chain is read with all issuers, and written the same', () => {
      for (const { label, issuer_label, certificate_packed } of vectors) {
        const certificate = Certificate.from(certificate_packed)
        assert.equal(certificate.toPem(), certificate_packed)
        assert.equal(Buffer.from(certificate.packed).toString(), certificate_packed)
        assert.ok(certificate_packed.startsWith(certificate.toPem({ chain: false })))
        const labels = certificate.chain().map(({ id }) => labelOf(id.toString()))
        assert.equal(labels[0], label)
        assert.equal(labels[1] ?? '', issuer_label)
        assert.ok(certificate.isSignedBy((certificate.issuer ?? certificate).publicKey))
      }
    })

    test('key and certificate make an identity with the id of its node', async () => {
      for (const vector of vectors) {
        const identity = await recordedIdentity(version, vector.label)
        assert.equal(identity.nodeId.toString(), vector.derived_node_id)
        assert.equal(identity.id.toString(), vector.cert_id)
        assert.equal(identity.longId.toString(), vector.cert_long_id)
        const other = await PrivateKey.from(vectors.find((it) => it !== vector)!.private_key_pem)
        assert.throws(() => new Identity(other, identity.certificate), {
          code: 'ERR_CRYPTO_MISMATCH',
        })
      }
    })

    test('the same names, dates and serial number make the same bytes', async () => {
      const keys = await keysByLabel(version)
      for (const vector of vectors) {
        const certificate = recordedCertificate(version, vector.label)
        const { publicKey } = certificate
        const issuer = vectors.find((it) => it.label === vector.issuer_label) ?? vector
        const content = {
          serialNumber: fromHex(vector.serial_hex),
          issuer: encodeName(issuer.cn, issuer.uid),
          subject: encodeName(vector.cn, vector.uid),
          publicKey: publicKey.toDer(),
          notBefore: new Date(1000 * vector.not_before),
          notAfter: new Date(1000 * vector.not_after),
          extensions: standardExtensions(publicKey.id.toBytes(), vector.is_ca),
        }
        const key = keys.get(issuer.label)!
        const der = await encodeCertificate(content, key, preferredDigest(publicKey))
        if (key.publicKey.type === 'rsa') {
          assert.equal(toHex(der), vector.certificate_der_hex)
        } else {
          // Signatures on elliptic curves are random.
          assert.equal(toHex(signedPart(der)), toHex(signedPart(certificate.toDer())))
        }
      }
    })

    function labelOf(id: string): string | undefined {
      return vectors.find((it) => it.cert_id === id)?.label
    }
  })

  suite(`renewed certificates of ${version}`, async () => {
    const vectors = loadVectors<RenewVectors>(`crypto/${version}/renew`)
    const leaf = recordedCertificate(version, 'leaf')
    const own = recordedCertificate(version, 'rsa3072_selfsigned')

    test('keep key, names and extensions', () => {
      const renewed = Certificate.from(vectors.certificate_packed)
      assert.equal(toHex(leaf.serialNumber), vectors.old_serial)
      assert.equal(toHex(renewed.serialNumber), vectors.new_serial)
      assert.equal(+renewed.notAfter - +renewed.notBefore, 1000 * vectors.lifetime)
      assertSame(renewed, leaf)
      assertSame(Certificate.from(vectors.self_signed_packed), own)
    })

    test('differ from ours in dates, serial number and signature only', async () => {
      const validityMs = 1000 * vectors.lifetime
      const ca = await recordedIdentity(version, 'ca')
      const { privateKey } = await recordedIdentity(version, 'rsa3072_selfsigned')
      const pairs: [Certificate, string][] = [
        [await leaf.renew(ca, { validityMs }), vectors.certificate_packed],
        [await own.renew(privateKey!, { validityMs }), vectors.self_signed_packed],
      ]
      for (const [ours, packed] of pairs) {
        const theirs = Certificate.from(packed)
        assertSame(ours, theirs)
        assert.equal(+ours.notAfter - +ours.notBefore, validityMs)
        assert.deepEqual(ours.fields.signatureAlgorithm, theirs.fields.signatureAlgorithm)
        assert.ok(ours.isSignedBy((ours.issuer ?? ours).publicKey))
      }
    })
  })
}

function assertSame(a: Certificate, b: Certificate): void {
  assert.ok(a.publicKey.equals(b.publicKey))
  assert.equal(a.subject, b.subject)
  assert.ok(a.fields.issuer.equals(b.fields.issuer))
  assert.deepEqual(a.fields.keyUsage, b.fields.keyUsage)
  assert.deepEqual(a.fields.basicConstraints, b.fields.basicConstraints)
}

/** What a certificate's signature covers; its length is in two bytes. */
function signedPart(der: Uint8Array): Uint8Array {
  return der.subarray(4, 8 + 256 * der[6]! + der[7]!)
}

/** As a MessagePack `bin 16`, the form in which certificates are stored. */
function wrap(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0xc5, bytes.length >> 8, bytes.length & 0xff, ...bytes)
}
