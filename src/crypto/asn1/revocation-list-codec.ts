// SPDX-License-Identifier: MIT
// Writes revocation lists (RFC 5280, section 5).

import { OctetString } from '@peculiar/asn1-schema'
import {
  CertificateList,
  RevokedCertificate as Entry,
  Extension,
  Name,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509'
import type { PrivateKey } from '../private-key.ts'
import type { RevokedCertificate } from '../revocation-list-fields.ts'
import type { Digest } from '../signature-algorithm.ts'
import { decode, encode, signBytes, signingAlgorithm, toBuffer } from './signing.ts'

export interface ListContent {
  /** Name in DER. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly entries: readonly RevokedCertificate[]
  /** INTEGER in DER; undefined when the list has no number. */
  readonly number: Uint8Array | undefined
}

const OID_NUMBER = '2.5.29.20'

export async function encodeList(
  content: ListContent,
  key: PrivateKey,
  digest: Digest,
): Promise<Uint8Array> {
  const signatureAlgorithm = signingAlgorithm(key, digest)
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature: signatureAlgorithm,
    issuer: decode(content.issuer, Name, 'name'),
    thisUpdate: new Time(content.thisUpdate),
  })
  if (content.nextUpdate) tbsCertList.nextUpdate = new Time(content.nextUpdate)
  // An empty list must be left out.
  if (content.entries.length > 0) tbsCertList.revokedCertificates = content.entries.map(toEntry)
  if (content.number) {
    const extnValue = new OctetString(content.number)
    tbsCertList.crlExtensions = [new Extension({ extnID: OID_NUMBER, extnValue })]
  }
  const signature = await signBytes(key, digest, encode(tbsCertList))
  return encode(new CertificateList({ tbsCertList, signatureAlgorithm, signature }))
}

function toEntry({ serialNumber, revokedAt }: RevokedCertificate): Entry {
  const userCertificate = toBuffer(serialNumber)
  return new Entry({ userCertificate, revocationDate: new Time(revokedAt) })
}
