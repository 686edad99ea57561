// SPDX-License-Identifier: MIT
// Keys, certificates and passwords for the Python package. Nothing is kept here between two calls:
// Python has the bytes, so that its objects outlive this process.

import { Certificate } from '../crypto/certificate.ts'
import { aesDecryptWithPassword, aesEncryptWithPassword } from '../crypto/password.ts'
import { PrivateKey } from '../crypto/private-key.ts'
import { PublicKey } from '../crypto/public-key.ts'
import { RevocationList } from '../crypto/revocation-list.ts'
import { TrustList } from '../crypto/trust-list.ts'
import type { MsgpackValue } from '../discovery/msgpack-value.ts'
import { asBoolean, asBytes, asList, asNumber, asText, isGiven } from './read.ts'
import type { Method } from './session.ts'
import { toIdentity } from './start-options.ts'

export const CRYPTO_METHODS: Readonly<Record<string, Method>> = {
  'crypto.generateKey': async ([bits]) => {
    const options = asNumber(bits) === 0 ? { type: 'ec' as const } : { bits: asNumber(bits) }
    return fromKey(await PrivateKey.generate(options))
  },
  'crypto.readKey': async ([bytes, password]) =>
    fromKey(await PrivateKey.from(asBytes(bytes), asText(password))),
  'crypto.writeKey': async ([key, password]) => (await toKey(key)).toPem(asText(password)),
  'crypto.sign': async ([key, data]) => (await toKey(key)).sign(asBytes(data)),
  'crypto.decrypt': async ([key, data]) => (await toKey(key)).decrypt(asBytes(data)),
  'crypto.readPublicKey': ([key]) => PublicKey.from(asBytes(key)).toDer(),
  'crypto.verify': ([key, data, signature]) =>
    PublicKey.fromDer(asBytes(key)).verify(asBytes(data), asBytes(signature)),
  'crypto.encrypt': ([key, data]) => PublicKey.fromDer(asBytes(key)).encrypt(asBytes(data)),
  'crypto.readCertificate': ([bytes]) =>
    Certificate.from(asBytes(bytes)).chain().map(fromCertificate),
  'crypto.generateCertificate': generateCertificate,
  'crypto.revoke': revoke,
  'crypto.trust': verifyTrust,
  'crypto.aesEncrypt': ([data, password]) =>
    aesEncryptWithPassword(asBytes(data), asText(password)),
  'crypto.aesDecrypt': ([data, password]) =>
    aesDecryptWithPassword(asBytes(data), asText(password)),
}

/** [key, name, identity of the issuer or nil, whether it is an authority]. */
async function generateCertificate([
  key,
  name,
  issuer,
  isCa,
]: readonly MsgpackValue[]): Promise<MsgpackValue> {
  const signer = isGiven(issuer) ? await toIdentity(issuer) : undefined
  const { privateKey, certificate } = signer ?? {}
  const options = { name: asText(name), isCa: asBoolean(isCa) }
  const made = await Certificate.generate(
    await toKey(key),
    privateKey && certificate ? { ...options, issuer: { privateKey, certificate } } : options,
  )
  return fromCertificate(made)
}

/** [key and certificate of the issuer, its list or nil, the certificate]: the new list. */
async function revoke([
  key,
  issuer,
  previous,
  revoked,
]: readonly MsgpackValue[]): Promise<MsgpackValue> {
  const authority = Certificate.from(asBytes(issuer))
  if (isGiven(previous)) authority.addRevocationList(RevocationList.from(asBytes(previous)))
  const list = await authority.revoke(await toKey(key), Certificate.from(asBytes(revoked)))
  return list.packed
}

/**
 * [steps, certificate chain]: whether the chain is trusted, as bits and text. A step is [whether it
 * is added or removed, chain, lists of revoked certificates].
 */
async function verifyTrust([steps, chain]: readonly MsgpackValue[]): Promise<MsgpackValue> {
  const trust = new TrustList()
  for (const step of asList(steps)) {
    const [isAdded, certificates, lists] = asList(step)
    const certificate = Certificate.from(asBytes(certificates))
    if (!asBoolean(isAdded)) trust.remove(certificate)
    else {
      trust.add(certificate)
      for (const list of asList(lists)) trust.add(RevocationList.from(asBytes(list)))
    }
  }
  const result = await trust.verify(Certificate.from(asBytes(chain)))
  return [result.bits, result.toString()]
}

function toKey(item: MsgpackValue | undefined): Promise<PrivateKey> {
  return PrivateKey.from(asBytes(item))
}

/** Private key and public key in DER. */
function fromKey(key: PrivateKey): MsgpackValue {
  return [key.toDer(), key.publicKey.toDer()]
}

/** One certificate and its public key in DER, common name, and whether it is an authority. */
function fromCertificate(certificate: Certificate): MsgpackValue {
  const { publicKey, name, isCa } = certificate
  return [certificate.toDer(), publicKey.toDer(), name, isCa]
}
