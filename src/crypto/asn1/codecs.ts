// SPDX-License-Identifier: MIT
// All that the library of ASN.1 structures is needed for. The rest of the layer gets at it through
// `loadCodecs` alone: the library is large, and few nodes make certificates or requests.

export {
  decodeExtensions,
  encodeCertificate,
  encodeName,
  standardExtensions,
} from './certificate-codec.ts'
export { decodeOcspResponse, encodeOcspRequest } from './ocsp-codec.ts'
export { decodeRequest, encodeRequest } from './request-codec.ts'
export { encodeList } from './revocation-list-codec.ts'
