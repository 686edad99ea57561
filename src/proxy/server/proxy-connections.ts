// SPDX-License-Identifier: MIT
// The connections of a server: who they are from, what they have open, and how they end.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { isOver } from './limits.ts'
import { type Peer, Peers } from './peers.ts'
import type { ProxyServices } from './route.ts'

export interface ProxyConnection {
  readonly peer: Peer
  /** Requests that were not yet answered in full. */
  pending: number
}

export class ProxyConnections {
  readonly #services: ProxyServices
  readonly #peers: Peers
  readonly #sockets = new Set<Socket>()
  readonly #connections = new WeakMap<Socket, ProxyConnection>()

  constructor(services: ProxyServices) {
    this.#services = services
    this.#peers = new Peers(services.limits)
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#connected(socket))
    // Only of a server with TLS: its requests come over these sockets, which lie over the others.
    server.on('secureConnection', (socket: Socket) => this.#secured(socket))
    server.on('tlsClientError', () => this.#services.counters.refused.malformed++)
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      this.#refuse(error, socket),
    )
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
    const { counters, limits } = this.#services
    const peer = isOver(this.#sockets.size + 1, limits.maxConnections)
      ? undefined
      : this.#peers.connect(socket.remoteAddress ?? '', performance.now())
    if (peer === undefined) {
      counters.refused.connections++
      socket.destroy()
      return
    }
    // One for each request that is sent ahead.
    socket.setMaxListeners(0)
    this.#sockets.add(socket)
    this.#connections.set(socket, { peer, pending: 0 })
    counters.connections++
    socket.once('close', () => {
      counters.connections--
      this.#sockets.delete(socket)
      this.#peers.disconnect(peer, performance.now())
    })
  }

  #secured(socket: Socket): void {
    const peer = this.#peers.find(socket.remoteAddress ?? '')
    if (peer === undefined) socket.destroy()
    else this.#connections.set(socket.setMaxListeners(0), { peer, pending: 0 })
  }

  /** What is no HTTP, too long or too slow. In the middle of a reply, nothing else can be said. */
  #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    const { refused } = this.#services.counters
    const isSlow = code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (isSlow) refused.slow++
    else refused.malformed++
    const isAnswering = (this.#connections.get(socket)?.pending ?? 0) > 0
    if (!socket.writable || isAnswering || code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const isLong = code === 'HPE_HEADER_OVERFLOW'
    const status = isSlow ? SLOW : isLong ? TOO_LONG : MALFORMED
    const head = 'Connection: close\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *'
    socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n`)
  }
}

const SLOW = '408 Request Timeout'
const TOO_LONG = '431 Request Header Fields Too Large'
const MALFORMED = '400 Bad Request'
