// SPDX-License-Identifier: MIT
// The HTTP server of Node.js, or its TLS form, with the limits of a proxy.

import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { describeType } from '../../api/key.ts'
import { Certificate } from '../../crypto/certificate.ts'
import { Identity } from '../../crypto/identity.ts'
import type { ProxyLimits } from './limits.ts'

export interface ProxyTls {
  /** Certificate, with its chain, and private key of the server. */
  readonly identity: Identity
  /** Who vouches for clients that show a certificate; without it, none are asked for. */
  readonly clientAuthorities?: readonly Certificate[] | undefined
  /** Refuse clients without a certificate of these authorities. Default false. */
  readonly requireClientCertificate?: boolean | undefined
}

/** Throws TypeError or CryptoError for an identity that cannot be used. */
export async function createHttpServer(
  limits: ProxyLimits,
  tls: ProxyTls | undefined,
  onRequest: RequestListener,
): Promise<Server> {
  const server =
    tls === undefined
      ? createServer(serverOptions(limits), onRequest)
      : createTlsServer({ ...serverOptions(limits), ...(await tlsOptions(tls, limits)) }, onRequest)
  // Node.js would answer by itself, without a word. OpenDHT's servers expect nothing, too.
  server.on('checkExpectation', onRequest)
  return server
}

/** How often connections are looked through for slow ones, as a part of the shorter limit. */
const CHECKS = 4
const KEEP_ALIVE_DELAY_MS = 30_000

function serverOptions(limits: ProxyLimits) {
  const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, maxHeaderBytes } = limits
  const shortest = Math.min(headersTimeoutMs, requestTimeoutMs)
  return {
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    noDelay: true,
    maxHeaderSize: maxHeaderBytes,
    // We have one name, and Node.js would refuse without a word.
    requireHostHeader: false,
    headersTimeout: shortest,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.max(20, Math.floor(shortest / CHECKS)),
  }
}

async function tlsOptions(tls: ProxyTls, { headersTimeoutMs }: ProxyLimits) {
  const { identity, clientAuthorities, requireClientCertificate = false } = tls
  if (!(identity instanceof Identity)) {
    throw new TypeError(`tls.identity must be an Identity: got ${describeType(identity)}`)
  }
  if (identity.privateKey === undefined) {
    throw new TypeError('tls.identity must have a private key')
  }
  identity.check(new Date())
  const server = {
    key: await identity.privateKey.toPem(),
    cert: identity.certificate.toPem(),
    minVersion: 'TLSv1.2' as const,
    handshakeTimeout: headersTimeoutMs,
  }
  if (clientAuthorities === undefined) {
    if (!requireClientCertificate) return server
    throw new TypeError('tls.requireClientCertificate needs tls.clientAuthorities')
  }
  const ca = clientAuthorities.map((authority) => {
    if (authority instanceof Certificate) return authority.toPem()
    const got = describeType(authority)
    throw new TypeError(`tls.clientAuthorities must be an array of Certificate: got ${got} in it`)
  })
  return { ...server, ca, requestCert: true, rejectUnauthorized: requireClientCertificate }
}
