// SPDX-License-Identifier: MIT
// Authorities and their certificates, made by the C++ library and by ours, and the verdicts of both
// on them.

import assert from 'node:assert/strict'
import type { Certificate } from '../../src/crypto/certificate.ts'
import { Identity } from '../../src/crypto/identity.ts'
import type { RevocationList } from '../../src/crypto/revocation-list.ts'
import { TrustList } from '../../src/crypto/trust-list.ts'
import type { CppSecure } from './cpp-secure.ts'
import type { CppIdentity } from './cpp-types.ts'

/** Verdicts: 2 and a reason. */
export const VALID = 0
export const REVOKED = 2 + 32
export const UNKNOWN_ISSUER = 2 + 64
export const EXPIRED = 2 + 1024

/** The devices have certificates of the account, and that has one of the root. */
export interface Family {
  readonly root: Identity
  readonly account: Identity
  readonly device: Identity
  readonly lost: Identity
  /** On a curve, as is its root. */
  readonly curve: Identity
}

export type Issue = (
  name: string,
  issuer?: Identity,
  isCa?: boolean,
  isCurve?: boolean,
) => Promise<Identity>

/** Who made the certificates of a family. */
export const MAKERS = ['here', 'there', 'by turns']

export async function makeFamilies(cpp: CppSecure): Promise<Map<string, Family>> {
  let isHere = false
  const issueByTurns: Issue = (...options) => {
    isHere = !isHere
    return isHere ? issueHere(...options) : issueThere(cpp)(...options)
  }
  return new Map([
    ['here', await makeFamily(issueHere)],
    ['there', await makeFamily(issueThere(cpp))],
    ['by turns', await makeFamily(issueByTurns)],
  ])
}

async function makeFamily(issue: Issue): Promise<Family> {
  const root = await issue('root')
  const account = await issue('the account of Zoë', root, true)
  const curveRoot = await issue('root on a curve', undefined, true, true)
  return {
    root,
    account,
    device: await issue('device', account),
    lost: await issue('lost', account),
    curve: await issue('curve', curveRoot, false, true),
  }
}

/** A certificate of ours: an authority if it has no issuer. */
export function issueHere(name: string, issuer?: Identity, isCa = !issuer, isCurve = false) {
  const type = isCurve ? 'ec' : 'rsa'
  return Identity.generate({ name, issuer, isCa, type, ...(!isCurve && { bits: 2048 }) })
}

/** The same, made by the C++ library. */
export function issueThere(cpp: CppSecure): Issue {
  return async (name, issuer, isCa = !issuer, isCurve = false) => {
    const ca = issuer && (await toCpp(issuer))
    const type = isCurve ? 'ec' : 'rsa'
    const { key, certificate } = await cpp.makeIdentity(name, { ...(ca && { ca }), isCa, type })
    return Identity.from({ privateKey: key, certificate })
  }
}

export async function toCpp({ privateKey, certificate }: Identity): Promise<CppIdentity> {
  return { key: await privateKey!.toPem(), certificate: certificate.toPem() }
}

export function verdictHere(
  subject: Certificate,
  anchors: readonly Certificate[],
  lists: readonly RevocationList[] = [],
) {
  const trust = new TrustList()
  for (const it of [...anchors, ...lists]) trust.add(it)
  return trust.verify(subject)
}

export function verdictThere(
  cpp: CppSecure,
  subject: Certificate,
  anchors: readonly Certificate[],
  lists: readonly RevocationList[] = [],
) {
  const packedLists = lists.map((list) => list.packed)
  const packedAnchors = anchors.map((it) => ({ certificate: it.packed }))
  return cpp.trust(subject.packed, packedAnchors, packedLists)
}

/** Both sides give `bits`, and the same text for it. */
export async function assertVerdict(
  cpp: CppSecure,
  subject: Certificate,
  anchors: readonly Certificate[],
  bits: number,
  lists: readonly RevocationList[] = [],
): Promise<void> {
  const title = `${subject.name} by ${anchors.map(({ name }) => name).join() || 'nobody'}`
  const there = await verdictThere(cpp, subject, anchors, lists)
  assert.equal(there.bits, bits, `${title}, there`)
  const here = await verdictHere(subject, anchors, lists)
  assert.equal(here.bits, bits, `${title}, here`)
  assert.equal(here.toString(), there.text)
}
