// SPDX-License-Identifier: MIT
// The REST proxy of OpenDHT over a node: clients without sockets of their own get, put and listen
// over HTTP. Here are the listening socket, and what every request goes through before its route.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeType } from '../../api/key.ts'
import type { Log } from '../../core/ports.ts'
import { HttpError } from './http-error.ts'
import { checkLimits, isOver, type ProxyLimits } from './limits.ts'
import type { ProxyMetrics } from './metrics/proxy-metrics.ts'
import { type ProxyConnection, ProxyConnections } from './proxy-connections.ts'
import type { ProxyCounters } from './proxy-counters.ts'
import type { ProxyNode } from './proxy-node.ts'
import { sendError } from './reply.ts'
import type { Route } from './route.ts'
import { Router } from './router.ts'
import { ROUTES } from './routes/all.ts'
import { type DashboardOptions, dashboardRoutes } from './routes/dashboard.ts'
import { Services } from './services.ts'

export interface ProxyServerOptions {
  /** TCP port, 0 for any free one; default 8000. */
  port?: number | undefined
  /** Address to bind, as a literal; default all of both families. */
  address?: string | undefined
  limits?: Partial<ProxyLimits> | undefined
  /** Receives log lines; default none. */
  log?: Log | undefined
  /** Hears of every reply. */
  observer?: ProxyObserver | undefined
  /** Serves the dashboard below /dashboard; default false. */
  dashboard?: boolean | DashboardOptions | undefined
  /** Wall time in milliseconds since 1970; default the system's. */
  now?: (() => number) | undefined
}

export interface ProxyObserver {
  /** `route` as `GET /key/:key`; 'none' for requests that did not get as far. */
  replied(route: string, status: number, durationMs: number): void
}

/**
 * @example
 * const node = await DhtRunner.start({ bootstrap: ['bootstrap.example.org'] })
 * await using proxy = await ProxyServer.start(node, { port: 8080 })
 * console.log(proxy.url)
 */
export class ProxyServer implements AsyncDisposable {
  readonly #server: Server
  readonly #router: Router
  readonly #services: Services
  readonly #connections: ProxyConnections
  readonly #observer: ProxyObserver | undefined
  #closing: Promise<void> | undefined

  private constructor(node: ProxyNode, options: ProxyServerOptions, routes: readonly Route[]) {
    const limits = checkLimits(options.limits)
    this.#services = new Services(node, { ...options, limits })
    this.#router = new Router(routes)
    this.#observer = options.observer
    this.#server = createServer(serverOptions(limits), (request, reply) =>
      this.#onRequest(request, reply),
    )
    this.#connections = new ProxyConnections(this.#services)
    this.#connections.watch(this.#server)
  }

  /**
   * Starts a proxy over `node`, which stays the caller's to close, after the proxy. Rejects with
   * TypeError or RangeError for a wrong option, and with the system's error when the port or
   * address cannot be used.
   */
  static async start(node: ProxyNode, options: ProxyServerOptions = {}): Promise<ProxyServer> {
    const { port = DEFAULT_PROXY_PORT, address } = options
    if (typeof node?.get !== 'function') {
      throw new TypeError(`node must be a DhtRunner: got ${describeType(node)}`)
    }
    if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
      throw new RangeError(`port must be an integer of 0 to 65535: got ${port}`)
    }
    const proxy = new ProxyServer(node, options, ROUTES)
    await proxy.#listen(port, address)
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** For clients on this host, or anywhere if an address was given. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo
    const isAny = address === '::' || address === '0.0.0.0'
    const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
    return `http://${host}:${port}`
  }

  /** Counters, live: read only. */
  get counters(): ProxyCounters {
    return this.#services.counters
  }

  /**
   * Ends in order: requests that come now are refused with 503, listens end without the mark of a
   * complete answer, so that clients listen anew elsewhere, and gets and puts under way may end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #listen(port: number, host: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  async #shutDown(): Promise<void> {
    this.#services.beginClosing()
    this.#services.hubs.endStreams()
    await this.#services.whenIdle()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    this.#connections.destroyAll()
    await closed
    await this.#services.close()
  }

  #onRequest(request: IncomingMessage, reply: ServerResponse): void {
    const connection = this.#connections.of(request.socket)
    const startedAt = performance.now()
    let name = 'none'
    let counted: ReturnType<ProxyMetrics['began']> | undefined
    connection.pending++
    reply.once('close', () => {
      connection.pending--
      this.#services.replied(reply.statusCode)
      const tookMs = performance.now() - startedAt
      counted?.ended(reply.writableFinished ? reply.statusCode : CLIENT_LEFT, tookMs)
      this.#observer?.replied(name, reply.statusCode, tookMs)
    })
    if (isOver(connection.pending, this.#services.limits.maxPipelined)) {
      this.#services.counters.refused.pipelined++
      request.socket.destroy()
      return
    }
    try {
      this.#admit(connection, startedAt)
      const { route, name: found, key, search } = this.#router.find(request.method!, request.url!)
      name = found
      this.#services.counted(name)
      counted = this.#services.metrics.began(name)
      const { peer } = connection
      const context = { services: this.#services, request, reply, peer, key: key!, search }
      const handled = route.handle(context)
      if (handled instanceof Promise) handled.catch((error) => this.#fail(reply, name, error))
    } catch (error) {
      this.#fail(reply, name, error)
    }
  }

  /** Throws HttpError when the request comes at the wrong time, or too often. */
  #admit(connection: ProxyConnection, now: number): void {
    const { counters, limits, isClosing } = this.#services
    if (isClosing) {
      counters.refused.closing++
      const message = 'The proxy is being stopped: ask another one, or later'
      throw new HttpError(503, message, { 'Retry-After': '5', Connection: 'close' })
    }
    if (this.#connections.takeRequest(connection, now)) return
    counters.refused.rate++
    const message = `More than ${limits.maxRequestsPerSecond} requests per second: wait a second`
    throw new HttpError(429, message, { 'Retry-After': '1' })
  }

  #fail(reply: ServerResponse, name: string, error: unknown): void {
    if (reply.destroyed) return
    const { status } = this.#services.readiness
    if (error instanceof HttpError) return sendError(reply, error, status)
    this.#services.failed(name, error)
    sendError(reply, new HttpError(500, 'Internal server error'), status)
  }
}

export const DEFAULT_PROXY_PORT = 8000

/** What a reply that the client did not wait for is counted as. */
const CLIENT_LEFT = 499

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
    headersTimeout: shortest,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.max(20, Math.floor(shortest / CHECKS)),
  }
}
