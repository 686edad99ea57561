// SPDX-License-Identifier: MIT
// `opendht/crypto`: keys, certificates and identities, and what OpenDHT makes of passwords. None of
// it needs a node. Importing it is cheap: what makes certificates is loaded when it is first
// needed.

export { PK_ID_BYTES, PkId } from '../core/id/pk-id.ts'
export { aesDecrypt, aesEncrypt } from './aes.ts'
export { Certificate } from './certificate.ts'
export type { BasicConstraints, CertificateFields, KeyUsage } from './certificate-fields.ts'
export { MAX_CHAIN_BYTES, MAX_CHAIN_LENGTH } from './certificate-forms.ts'
export { CertificateRequest, type CertificateRequestOptions } from './certificate-request.ts'
export type { DistinguishedName } from './distinguished-name.ts'
export { CryptoError, type CryptoErrorCode } from './errors.ts'
export { hash } from './hash.ts'
export {
  type GenerateIdentityOptions,
  Identity,
  type IdentityInput,
  type SaveIdentityOptions,
} from './identity.ts'
export type { CertificateOptions, Issuer, ValidityOptions } from './issue-certificate.ts'
export { createOcspRequest, type OcspQuestion, OcspResponse, type OcspStatus } from './ocsp.ts'
export {
  aesBuildEncrypted,
  aesDecryptWithPassword,
  aesEncryptWithPassword,
  aesGetEncrypted,
  aesGetKey,
  aesGetSalt,
  type StretchedKey,
  stretchKey,
} from './password.ts'
export { type GenerateKeyOptions, PrivateKey } from './private-key.ts'
export { type KeyType, PublicKey } from './public-key.ts'
export { RevocationList, type RevocationListOptions } from './revocation-list.ts'
export type { RevokedCertificate } from './revocation-list-fields.ts'
export type { AltNameType, SubjectAltName } from './subject-alt-names.ts'
export { TrustList } from './trust-list.ts'
export { type VerifyReason, VerifyResult } from './verify-result.ts'
