// SPDX-License-Identifier: MIT
// Decides whether a certificate can be trusted: it, or an authority above it, must be in the list.
// Verdicts are those of OpenDHT, which leaves them to GnuTLS with its profile `medium`.

import type { Certificate } from './certificate.ts'
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
    const known = chain.findIndex((it, index) => this.#isTrusted(it, index === 0))
    const path = known < 0 ? withoutRoot(chain) : chain.slice(0, known)
    const last = path.at(-1)
    const anchor = known < 0 ? this.#issuerOf(last!) : chain[known]!
    if (path.some((it) => this.#distrusted.has(keyOf(it)))) return new VerifyResult(Verdict.revoked)
    if (anchor === undefined) {
      return new VerifyResult(Verdict.issuerUnknown | checkDates(last!, at) | checkStrength(last!))
    }

    let bits = checkDates(anchor, at) | checkKey(anchor) | this.#checkRevocation(anchor)
    for (const [index, subject] of path.entries()) {
      bits |= checkIssuer(subject, path[index + 1] ?? anchor, index)
      bits |= checkDates(subject, at) | checkStrength(subject) | this.#checkRevocation(subject)
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

  /** Of authorities, another certificate for the same name and key is as good. */
  #isTrusted(certificate: Certificate, isSubject: boolean): boolean {
    if (this.#anchors.has(keyOf(certificate))) return true
    if (isSubject) return false
    return [...this.#anchors.values()].some(
      ({ fields, publicKey }) =>
        fields.subject.equals(certificate.fields.subject) &&
        publicKey.equals(certificate.publicKey),
    )
  }

  /** A trusted certificate that has the name of the issuer, rather one that did sign. */
  #issuerOf(certificate: Certificate): Certificate | undefined {
    const named = [...this.#anchors.values()].filter(({ fields }) =>
      fields.subject.equals(certificate.fields.issuer),
    )
    return named.find(({ publicKey }) => certificate.isSignedBy(publicKey)) ?? named[0]
  }

  /** By the lists of trusted authorities, and by the one attached to the issuer of the chain. */
  #checkRevocation(certificate: Certificate): number {
    const attached = certificate.issuer?.revocationList
    const lists = [...this.#lists.values(), ...(attached ? [attached] : [])]
    return lists.some((list) => list.isRevoked(certificate)) ? Verdict.revoked : 0
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
