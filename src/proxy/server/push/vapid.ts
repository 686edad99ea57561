// SPDX-License-Identifier: MIT
// Who we are to the push service of a browser (VAPID, RFC 8292): a P-256 key pair that lasts as
// long as the subscriptions, since browsers tie them to it, and a signed token per push service.

import {
  createECDH,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'

/** Tokens live at most a day; half of that leaves room for clocks that differ. */
const TOKEN_LIFETIME_S = 12 * 3600
/** A token is used again for this long, since signing is most of the work of a push. */
const REUSE_S = 6 * 3600
const MAX_TOKENS = 256

interface Token {
  readonly text: string
  readonly signedAt: number
}

export class Vapid {
  /** What a browser subscribes with: the point in base64url. */
  readonly publicKey: string
  readonly #privateKey: KeyObject
  readonly #subject: string | undefined
  readonly #tokens = new Map<string, Token>()

  /** `pem` is of `newVapidKey`; `subject` is where push services reach us, as a URL. */
  constructor(pem: string, subject?: string) {
    this.#privateKey = createPrivateKey(pem)
    const scalar = Buffer.from(this.#privateKey.export({ format: 'jwk' }).d!, 'base64url')
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(scalar)
    this.publicKey = pair.getPublicKey().toString('base64url')
    this.#subject = subject
  }

  /** The Authorization header for a message to `origin` at `now`, in ms since the epoch. */
  authorization(origin: string, now: number): string {
    const seconds = Math.floor(now / 1000)
    const known = this.#tokens.get(origin)
    if (known !== undefined && Math.abs(seconds - known.signedAt) < REUSE_S) return known.text
    const text = `vapid t=${this.#token(origin, seconds)}, k=${this.publicKey}`
    this.#tokens.delete(origin)
    if (this.#tokens.size === MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!)
    this.#tokens.set(origin, { text, signedAt: seconds })
    return text
  }

  #token(aud: string, now: number): string {
    const claims = { aud, exp: now + TOKEN_LIFETIME_S, sub: this.#subject }
    const signed = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode(claims)}`
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' as const }
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
  }
}

/** A new private key, PEM. */
export function newVapidKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
