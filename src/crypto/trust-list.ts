// SPDX-License-Identifier: MIT
// Decides whether a certificate can be trusted: it, or an authority above it, must be in the list.
// Verdicts are those of OpenDHT, which leaves them to GnuTLS with its profile `medium`.

import type { Certificate } from './certificate.ts'
import type { DistinguishedName } from './distinguished-name.ts'
import type { RevocationList } from './revocation-list.ts'
import { isStrongAlgorithm } from './signature-algorithm.ts'
import { Verdict, VerifyResult } from './verify-result.ts'

/** 112 bits of security, as `medium` asks for. */
const MIN_RSA_BITS = 2048

export class TrustList {
  /** By the digits of their bytes, as the next. */
  readonly #anchors = new Map<string, Certificate>()
  readonly #distrusted = new Set<string>()
  /** The newest of each authority, by the digits of its long id. */
  readonly #lists = new Map<string, RevocationList>()

  /**
   * Trusts a certificate and all issuers of its chain, and takes over the lists attached to them;
   * or takes over a list of revoked certificates, if a trusted authority signed it.
   */
  add(item: Certificate | RevocationList): void {
    if ('isRevoked' in item) return this.#addList(item)
    const chain = item.chain()
    for (const certificate of chain) {
      const key = keyOf(certificate)
      this.#distrusted.delete(key)
      this.#anchors.set(key, certificate)
    }
    for (const { revocationList } of chain) if (revocationList) this.#addList(revocationList)
  }

  /**
   * From now on, trusts neither a certificate nor, unless told otherwise, its issuers, even if
   * another authority vouches for them: they count as revoked until they are added again.
   */
  remove(certificate: Certificate, { parents = true }: { parents?: boolean } = {}): void {
    for (const it of parents ? certificate.chain() : [certificate]) {
      const key = keyOf(it)
      this.#anchors.delete(key)
      this.#distrusted.add(key)
    }
  }

  /**
   * Follows the chain of a certificate up to one that is trusted. Signatures, dates, authority, the
   * strength of keys and signatures and the lists of revoked certificates are checked; names and
   * purposes are not.
   */
  async verify(certificate: Certificate, { at = new Date() } = {}): Promise<VerifyResult> {
    if (Number.isNaN(at.getTime())) throw new RangeError('at must be a valid date')
    const chain = certificate.chain()
    const path = this.#untilTrusted(chain)
    const last = path.at(-1)
    const anchor = last === undefined ? certificate : this.#issuerOf(last, at)
    if (path.some((it) => this.#distrusted.has(keyOf(it)))) return new VerifyResult(Verdict.revoked)
    if (anchor === undefined) {
      return new VerifyResult(Verdict.issuerUnknown | checkDates(last!, at) | checkStrength(last!))
    }

    const lists = this.#listsFor([...chain, ...anchor.chain()])
    let bits = checkDates(anchor, at) | checkKey(anchor) | checkRevocation(anchor, lists)
    for (const [index, subject] of path.entries()) {
      bits |= checkIssuer(subject, path[index + 1] ?? anchor, index)
      bits |= checkDates(subject, at) | checkStrength(subject) | checkRevocation(subject, lists)
    }
    return new VerifyResult(bits)
  }

  #addList(list: RevocationList): void {
    for (const anchor of this.#anchors.values()) {
      if (!list.isSignedBy(anchor)) continue
      const key = anchor.longId.toString()
      const known = this.#lists.get(key)
      if (known === undefined || list.isNewerThan(known)) this.#lists.set(key, list)
    }
  }

  /**
   * The certificates that have to be checked, from the subject up: what comes after them has no say
   * any more, as what is in the list takes its place. Empty if the subject itself is in the list.
   */
  #untilTrusted(chain: Certificate[]): Certificate[] {
    const known = chain.findIndex((it) => this.#anchors.has(keyOf(it)))
    if (known >= 0) return chain.slice(0, known)
    const path = withoutRoot(chain)
    if (this.#named(path.at(-1)!.fields.issuer).length > 0) return path
    const twin = path.findIndex((it, index) => index > 0 && this.#hasTwin(it))
    return twin < 0 ? path : path.slice(0, twin)
  }

  /** Whether an authority in the list has the same name and key, as after a renewal. */
  #hasTwin({ fields, publicKey }: Certificate): boolean {
    return this.#named(fields.subject).some((it) => it.isCa && it.publicKey.equals(publicKey))
  }

  #named(name: DistinguishedName): Certificate[] {
    return [...this.#anchors.values()].filter(({ fields }) => fields.subject.equals(name))
  }

  /**
   * A trusted certificate that has the name of the issuer: rather one that did sign, of these an
   * authority, and of these one that is valid. Never one of the chain, which nobody vouches for.
   */
  #issuerOf(certificate: Certificate, at: Date): Certificate | undefined {
    const named = this.#named(certificate.fields.issuer)
    const signers = named.filter(({ publicKey }) => certificate.isSignedBy(publicKey))
    const authorities = signers.filter(({ isCa }) => isCa)
    const valid = authorities.find((it) => checkDates(it, at) === 0)
    return valid ?? authorities[0] ?? signers[0] ?? named[0]
  }

  /** The lists of trusted authorities, and those attached to the given certificates. */
  #listsFor(certificates: Certificate[]): RevocationList[] {
    const attached = certificates.map(({ revocationList }) => revocationList)
    return [...this.#lists.values(), ...attached.filter((list) => list !== undefined)]
  }
}

/** `depth` is the number of certificates below the subject. */
function checkIssuer(subject: Certificate, issuer: Certificate, depth: number): number {
  let bits = 0
  const { keyUsage, basicConstraints } = issuer.fields
  if (!basicConstraints?.isCa) bits |= Verdict.issuerNotCa
  else if (depth > (basicConstraints.pathLength ?? depth)) bits |= Verdict.constraints
  if (keyUsage?.canSignCertificates === false) bits |= Verdict.constraints
  if (!subject.isSignedBy(issuer.publicKey)) bits |= Verdict.badSignature
  return bits
}

function checkRevocation(certificate: Certificate, lists: RevocationList[]): number {
  return lists.some((list) => list.isRevoked(certificate)) ? Verdict.revoked : 0
}

function checkDates({ notBefore, notAfter }: Certificate, at: Date): number {
  return (at < notBefore ? Verdict.notYetValid : 0) | (at > notAfter ? Verdict.expired : 0)
}

function checkStrength(certificate: Certificate): number {
  const isStrong = isStrongAlgorithm(certificate.fields.signatureAlgorithm)
  return checkKey(certificate) | (isStrong ? 0 : Verdict.insecure)
}

function checkKey({ publicKey: { type, bits } }: Certificate): number {
  return type === 'rsa' && bits < MIN_RSA_BITS ? Verdict.insecure : 0
}

/** A root that is not in the list proves nothing; what it has signed may still be known. */
function withoutRoot(chain: Certificate[]): Certificate[] {
  const { issuer, subject } = chain.at(-1)!.fields
  return chain.length > 1 && issuer.equals(subject) ? chain.slice(0, -1) : chain
}

function keyOf(certificate: Certificate): string {
  return Buffer.from(certificate.toDer()).toString('base64')
}
