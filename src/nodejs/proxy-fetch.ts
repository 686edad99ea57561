// SPDX-License-Identifier: MIT
// A `fetch` for proxies whose certificate no system vouches for, or that ask for one of the client:
// the fetch of Node.js takes neither. Certificates and names are verified in any case.

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { describeType } from '../api/key.ts'
import { Certificate } from '../crypto/certificate.ts'
import { Identity } from '../crypto/identity.ts'
import type { ProxyFetch, ProxyRequest, ProxyResponse } from '../proxy/client/ports.ts'

/** Whom to trust, and who one is, on the way to proxies. */
export interface ProxyTlsOptions {
  /** Who vouches for the proxies; default the authorities that Node.js knows. */
  authorities?: readonly Certificate[] | undefined
  /** Shown to proxies that ask who the client is. */
  identity?: Identity | undefined
  /** The name in the certificate of the proxies, if it differs from that in the URL. */
  serverName?: string | undefined
  /** What the client calls itself in requests; default nothing. */
  userAgent?: string | undefined
}

/** Listens are silent for hours: the system finds out when the other side is gone. */
const KEEP_ALIVE_MS = 30_000

/**
 * For the option `fetch` of clients of proxies. Rejects with TypeError for a wrong option, and with
 * CryptoError ERR_CRYPTO_EXPIRED when the certificate of the identity is not valid now.
 *
 * @example
 * const authorities = [Certificate.from(readFileSync('proxy-ca.pem'))]
 * const fetch = await createProxyFetch({ authorities })
 * const node = await DhtRunner.start({ proxy: { proxies: 'https://proxy.example.org', fetch } })
 */
export async function createProxyFetch(options: ProxyTlsOptions = {}): Promise<ProxyFetch> {
  // They take a third of the time that the library needs to load, and most programs need neither.
  const [http, https] = await Promise.all([import('node:http'), import('node:https')])
  const keepAlive = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
  const agent = new https.Agent({ ...keepAlive, ...(await tlsOptions(options)) })
  const plainAgent = new http.Agent(keepAlive)
  const { userAgent } = options
  if (userAgent !== undefined) http.validateHeaderValue('User-Agent', userAgent)
  const name = userAgent === undefined ? {} : { 'User-Agent': userAgent }
  return (url, sent) =>
    new Promise((resolve, reject) => {
      const headers = { ...headersOf(sent), ...name }
      const settings = { method: sent.method, signal: sent.signal, headers }
      const answered = (message: IncomingMessage): void => resolve(toResponse(message))
      const sending = url.startsWith('https:')
        ? https.request(url, { ...settings, agent }, answered)
        : http.request(url, { ...settings, agent: plainAgent }, answered)
      sending.once('error', reject)
      sending.end(sent.body)
    })
}

async function tlsOptions({ authorities, identity, serverName }: ProxyTlsOptions) {
  if (serverName !== undefined && typeof serverName !== 'string') {
    throw new TypeError(`serverName must be a string: got ${describeType(serverName)}`)
  }
  return {
    minVersion: 'TLSv1.2' as const,
    ...(serverName !== undefined && { servername: serverName }),
    ...(authorities !== undefined && { ca: toPems(authorities) }),
    ...(identity !== undefined && (await toKeyPair(identity))),
  }
}

function toPems(authorities: readonly Certificate[]): string[] {
  if (!Array.isArray(authorities)) {
    throw new TypeError(`authorities must be an array: got ${describeType(authorities)}`)
  }
  return authorities.map((authority: unknown) => {
    if (authority instanceof Certificate) return authority.toPem({ chain: false })
    throw new TypeError(`authorities must be Certificates: got ${describeType(authority)}`)
  })
}

async function toKeyPair(identity: Identity): Promise<{ cert: string; key: string }> {
  if (!(identity instanceof Identity)) {
    throw new TypeError(`identity must be an Identity: got ${describeType(identity)}`)
  }
  const { certificate, privateKey } = identity
  if (privateKey === undefined) throw new TypeError('identity must have a private key')
  identity.check(new Date())
  return { cert: certificate.toPem(), key: await privateKey.toPem() }
}

function headersOf({ body }: ProxyRequest): Record<string, string | number> {
  const accept = { Accept: '*/*' }
  if (body === undefined) return accept
  const length = Buffer.byteLength(body)
  return { ...accept, 'Content-Type': 'text/plain;charset=UTF-8', 'Content-Length': length }
}

function toResponse(message: IncomingMessage): ProxyResponse {
  const get = (name: string): string | null => {
    const value = message.headers[name.toLowerCase()]
    return value === undefined ? null : String(value)
  }
  const body = Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>
  return { status: message.statusCode!, headers: { get }, body }
}
