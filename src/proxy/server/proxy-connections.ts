// SPDX-License-Identifier: MIT
// The connections of a server: who they are from, what they have open, and how they end.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { toJsonText } from '../protocol/json-text.ts'
import { isOver } from './limits.ts'
import { type Peer, Peers } from './peers.ts'
import type { ProxyServices } from './route.ts'
import { cutStalled, StallWatch } from './stall-watch.ts'

export interface ProxyConnection {
  readonly peer: Peer
  /** Requests that were not yet answered in full. */
  pending: number
  /** Of the latest request. */
  reply: ServerResponse | undefined
}

export class ProxyConnections {
  readonly #services: ProxyServices
  readonly #peers: Peers
  readonly #sockets = new Set<Socket>()
  readonly #connections = new WeakMap<Socket, ProxyConnection>()
  readonly #stalls: StallWatch

  constructor(services: ProxyServices) {
    const { counters, limits } = services
    this.#services = services
    this.#peers = new Peers(limits)
    this.#stalls = new StallWatch(limits.stallTimeoutMs, (socket) => cutStalled(socket, counters))
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#connected(socket))
    // Only of a server with TLS: its requests come over these sockets, which lie over the others.
    server.on('secureConnection', (socket: Socket) => this.#secured(socket))
    server.on('tlsClientError', () => this.#services.counters.refused.malformed++)
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      this.#refuse(error, socket),
    )
    server.on('connect', (_: IncomingMessage, socket: Socket) => {
      this.#services.counters.refused.malformed++
      socket.on('error', () => socket.destroy())
      takeLeave(socket, MALFORMED, `This is no HTTP tunnel: expected ${METHODS}`)
    })
  }

  /** The connection of a request. */
  of(socket: Socket): ProxyConnection {
    return this.#connections.get(socket)!
  }

  takeRequest({ peer }: ProxyConnection, now: number): boolean {
    return this.#peers.takeRequest(peer, now)
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #connected(socket: Socket): void {
    const { counters, limits, turns } = this.#services
    turns.arrived()
    const peer = isOver(this.#sockets.size + 1, limits.maxConnections)
      ? undefined
      : this.#peers.connect(socket.remoteAddress ?? '', performance.now())
    if (peer === undefined) {
      counters.refused.connections++
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#follow(socket, peer)
    counters.connections++
    socket.once('close', () => {
      counters.connections--
      this.#sockets.delete(socket)
      this.#peers.disconnect(peer, performance.now())
    })
  }

  #secured(socket: Socket): void {
    const peer = this.#peers.find(socket.remoteAddress ?? '')
    if (peer === undefined) {
      socket.destroy()
      return
    }
    this.#follow(socket, peer)
  }

  #follow(socket: Socket, peer: Peer): void {
    // One for each request that is sent ahead.
    socket.setMaxListeners(0)
    this.#connections.set(socket, { peer, pending: 0, reply: undefined })
    this.#stalls.watch(socket)
  }

  /** What is no HTTP, too long or too slow. In the middle of a reply, nothing else can be said. */
  #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    const { refused } = this.#services.counters
    const isSlow = code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (isSlow) refused.slow++
    else refused.malformed++
    const { pending = 0, reply } = this.#connections.get(socket) ?? {}
    const isAnswering = pending > 1 || (pending === 1 && reply?.headersSent === true)
    if (!socket.writable || isAnswering || code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const [status, message] = this.#refusalOf(code)
    takeLeave(socket, status, message)
  }

  #refusalOf(code: string): [status: string, message: string] {
    const { maxHeaderBytes, headersTimeoutMs, requestTimeoutMs } = this.#services.limits
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const limits = `${headersTimeoutMs} ms, and the body in ${requestTimeoutMs} ms`
      return ['408 Request Timeout', `Expected the headers of a request in ${limits}`]
    }
    if (code === 'HPE_HEADER_OVERFLOW') {
      const message = `Expected at most ${maxHeaderBytes} bytes of headers`
      return ['431 Request Header Fields Too Large', message]
    }
    if (code === 'HPE_INVALID_METHOD') return [MALFORMED, `Unknown method: expected ${METHODS}`]
    return [MALFORMED, `Not a request of HTTP/1.1 (${code}): expected ${METHODS}`]
  }
}

/** A last word. Who keeps the connection open nevertheless loses it. */
function takeLeave(socket: Socket, status: string, message: string): void {
  const body = toJsonText({ err: message })
  const length = `Content-Length: ${body.length}`
  socket.end(`HTTP/1.1 ${status}\r\n${REFUSAL_HEADERS}\r\n${length}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), LEAVE_MS)
  socket.once('close', () => clearTimeout(timer))
}

const LEAVE_MS = 1000
const MALFORMED = '400 Bad Request'
const METHODS = 'GET, POST, OPTIONS, SUBSCRIBE or UNSUBSCRIBE'
const REFUSAL_HEADERS = [
  'Connection: close',
  'Content-Type: application/json',
  'Access-Control-Allow-Origin: *',
].join('\r\n')
