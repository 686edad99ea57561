// SPDX-License-Identifier: MIT
// Who may look into the node. What it knows of others (addresses of peers, who listens to what) is
// not for every client of a proxy: without a token only people on this host see it. Other websites
// in their browser do not: answers carry no permission for them, and a name that was made to point
// at this host is told by the Host header.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../http-error.ts'

export class Access {
  readonly #digest: Buffer | undefined

  /** Throws RangeError when `token` could be guessed. */
  constructor(token: string | undefined) {
    if (token !== undefined && token.length < MIN_TOKEN) {
      const message = `token must have at least ${MIN_TOKEN} characters: got ${token.length}`
      throw new RangeError(message)
    }
    this.#digest = token === undefined ? undefined : digestOf(token)
  }

  get hasToken(): boolean {
    return this.#digest !== undefined
  }

  /** Throws HttpError 401 or 403 unless whoever asks may look. */
  checkReader(request: IncomingMessage): void {
    if (this.#hasValidToken(request) || isFromThisHost(request)) return
    if (this.hasToken) throw unauthorized()
    const message = 'Only for browsers on the host of the proxy: start it with a dashboard token'
    throw new HttpError(403, message)
  }

  /** Throws HttpError 401 or 403 unless whoever asks may change something. */
  checkAdmin(request: IncomingMessage): void {
    if (!this.hasToken) {
      throw new HttpError(403, 'Admin actions are off: start the proxy with a dashboard token')
    }
    if (!this.#hasValidToken(request)) throw unauthorized()
  }

  #hasValidToken({ headers }: IncomingMessage): boolean {
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
    if (token === undefined || this.#digest === undefined) return false
    return timingSafeEqual(digestOf(token), this.#digest)
  }
}

const MIN_TOKEN = 16

/** Of equal length for all tokens, as a comparison in constant time needs it. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function unauthorized(): HttpError {
  const message = 'Expected the header Authorization: Bearer TOKEN with the dashboard token'
  return new HttpError(401, message, { 'WWW-Authenticate': 'Bearer realm="OpenDHT dashboard"' })
}

/** A reverse proxy on this host passes on requests of others, and says so. */
function isFromThisHost({ socket, headers }: IncomingMessage): boolean {
  if (headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined) return false
  return LOOPBACK.test(socket.remoteAddress ?? '') && LOCAL_NAME.test(headers.host ?? '')
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
const LOCAL_NAME = /^(?:localhost|[\w-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i
