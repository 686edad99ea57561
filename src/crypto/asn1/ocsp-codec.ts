// SPDX-License-Identifier: MIT
// Writes questions to OCSP responders and reads their answers (RFC 6960).

import {
  BasicOCSPResponse,
  CertID,
  type CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  Request,
  TBSRequest,
} from '@peculiar/asn1-ocsp'
import { OctetString } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier, Extension } from '@peculiar/asn1-x509'
import { certificateError } from '../errors.ts'
import type { CertificateName, OcspAnswer, OcspStatus } from '../ocsp.ts'
import type { SignedData } from '../signature-algorithm.ts'
import { decode, encode, toBuffer } from './signing.ts'

/** `nonce` is an OCTET STRING in DER. */
export function encodeOcspRequest(name: CertificateName, nonce: Uint8Array): Uint8Array {
  const reqCert = new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: name.hashOid, parameters: null }),
    issuerNameHash: new OctetString(name.nameHash),
    issuerKeyHash: new OctetString(name.keyHash),
    serialNumber: toBuffer(name.serialNumber),
  })
  const extension = new Extension({ extnID: id_pkix_ocsp_nonce, extnValue: new OctetString(nonce) })
  const requestList = [new Request({ reqCert })]
  const tbsRequest = new TBSRequest({ requestList, requestExtensions: [extension] })
  return encode(new OCSPRequest({ tbsRequest }))
}

/** Throws CryptoError, also when the responder answers with an error. */
export function decodeOcspResponse(
  der: Uint8Array,
): SignedData & { answers: OcspAnswer[]; nonce: Uint8Array | undefined } {
  const what = 'OCSP response'
  const { responseStatus, responseBytes } = decode(der, OCSPResponse, what)
  if (responseStatus !== OCSPResponseStatus.successful || responseBytes === undefined) {
    const name = OCSPResponseStatus[responseStatus] ?? responseStatus
    throw certificateError(`${what}: the responder answered "${name}"`)
  }
  if (responseBytes.responseType !== id_pkix_ocsp_basic) {
    throw certificateError(`${what}: it is of type ${responseBytes.responseType}`)
  }
  const response = decode(new Uint8Array(responseBytes.response.buffer), BasicOCSPResponse, what)
  const { responses, responseExtensions } = response.tbsResponseData
  const nonce = responseExtensions?.find(({ extnID }) => extnID === id_pkix_ocsp_nonce)
  return {
    answers: responses.map(({ certID, certStatus, thisUpdate, nextUpdate }) => ({
      certificate: toName(certID),
      status: toStatus(certStatus),
      thisUpdate,
      nextUpdate,
    })),
    nonce: nonce && new Uint8Array(nonce.extnValue.buffer),
    oid: response.signatureAlgorithm.algorithm,
    data: new Uint8Array(response.tbsResponseDataRaw!),
    signature: new Uint8Array(response.signature),
  }
}

function toName(id: CertID): CertificateName {
  return {
    hashOid: id.hashAlgorithm.algorithm,
    nameHash: new Uint8Array(id.issuerNameHash.buffer),
    keyHash: new Uint8Array(id.issuerKeyHash.buffer),
    serialNumber: new Uint8Array(id.serialNumber),
  }
}

function toStatus(status: CertStatus): OcspStatus {
  if (status.revoked !== undefined) return 'revoked'
  return status.good === undefined ? 'unknown' : 'good'
}
