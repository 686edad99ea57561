// SPDX-License-Identifier: MIT
// Reads and writes revocation lists (RFC 5280, section 5).

import { OctetString } from '@peculiar/asn1-schema'
import {
  CertificateList,
  Extension,
  Name,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509'
import type { PrivateKey } from '../private-key.ts'
import type { Digest, SignedData } from '../signature-algorithm.ts'
import { decode, encode, signBytes, signingAlgorithm, toBuffer } from './signing.ts'

export interface ListContent {
  /** Name in DER. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly entries: readonly ListEntry[]
  /** INTEGER in DER; undefined when the list has no number. */
  readonly number: Uint8Array | undefined
}

export interface ListEntry {
  /** Content of the INTEGER. */
  readonly serialNumber: Uint8Array
  readonly revokedAt: Date
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
  if (content.entries.length > 0) tbsCertList.revokedCertificates = content.entries.map(toRevoked)
  if (content.number) {
    const extnValue = new OctetString(content.number)
    tbsCertList.crlExtensions = [new Extension({ extnID: OID_NUMBER, extnValue })]
  }
  const signature = await signBytes(key, digest, encode(tbsCertList))
  return encode(new CertificateList({ tbsCertList, signatureAlgorithm, signature }))
}

/** Throws CryptoError. */
export function decodeList(der: Uint8Array): ListContent & SignedData {
  const list = decode(der, CertificateList, 'revocation list')
  const { issuer, thisUpdate, nextUpdate, revokedCertificates, crlExtensions } = list.tbsCertList
  const number = crlExtensions?.find(({ extnID }) => extnID === OID_NUMBER)
  return {
    issuer: encode(issuer),
    thisUpdate: thisUpdate.getTime(),
    nextUpdate: nextUpdate?.getTime(),
    entries: (revokedCertificates ?? []).map(({ userCertificate, revocationDate }) => {
      const serialNumber = new Uint8Array(userCertificate)
      return { serialNumber, revokedAt: revocationDate.getTime() }
    }),
    number: number && new Uint8Array(number.extnValue.buffer),
    oid: list.signatureAlgorithm.algorithm,
    data: new Uint8Array(list.tbsCertListRaw!),
    signature: new Uint8Array(list.signature),
  }
}

function toRevoked({ serialNumber, revokedAt }: ListEntry): RevokedCertificate {
  const userCertificate = toBuffer(serialNumber)
  return new RevokedCertificate({ userCertificate, revocationDate: new Time(revokedAt) })
}
