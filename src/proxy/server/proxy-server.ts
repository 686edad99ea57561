// SPDX-License-Identifier: MIT
// The REST proxy of OpenDHT over a node: clients without sockets of their own get, put and listen
// over HTTP. Here are the listening socket, and what every request goes through before its route.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeType } from '../../api/key.ts'
import { DhtError } from '../../core/errors.ts'
import { SocketAddress } from '../../core/id/socket-address.ts'
import type { Log } from '../../core/ports.ts'
import { HttpError } from './http-error.ts'
import { createHttpServer, type ProxyTls } from './http-server.ts'
import { checkLimits, isOver, type ProxyLimits } from './limits.ts'
import type { ProxyMetrics } from './metrics/proxy-metrics.ts'
import { onceGone } from './once-gone.ts'
import { packageVersion } from './package-version.ts'
import { type ProxyConnection, ProxyConnections } from './proxy-connections.ts'
import type { ProxyCounters } from './proxy-counters.ts'
import type { ProxyNode } from './proxy-node.ts'
import { KeptState, type KeptStateOptions } from './push/kept-state.ts'
import { sendError } from './reply.ts'
import type { Route } from './route.ts'
import { Router } from './router.ts'
import { ROUTES } from './routes/all.ts'
import { DASHBOARD_PATH, type DashboardOptions, withDashboard } from './routes/dashboard.ts'
import { Services } from './services.ts'
import { findTracing, type RequestSpan, type Tracing } from './tracing.ts'

/** Where a proxy listens, what it serves, and its limits. */
export interface ProxyServerOptions extends KeptStateOptions {
  /** TCP port, 0 for any free one; default 8000. */
  port?: number | undefined
  /** Address to bind, as a literal; default all of both families. */
  address?: string | undefined
  /** Serve HTTPS only. Default plain HTTP. */
  tls?: ProxyTls | undefined
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

export interface ProxySummary {
  readonly url: string
  /** Undefined when it is not served. */
  readonly dashboardUrl: string | undefined
  readonly port: number
  /** Open streams. */
  readonly listens: number
  /** Keys with permanent puts. */
  readonly puts: number
  /** Devices that are notified. */
  readonly pushListeners: number
  readonly requestsPerSecond: number
}

/** Hears of every reply of a proxy. */
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
  readonly #isSecure: boolean
  readonly #hasDashboard: boolean
  #tracing: Tracing | undefined
  #closing: Promise<void> | undefined

  private constructor(
    { server, services, router }: { server: Server; services: Services; router: Router },
    options: ProxyServerOptions,
  ) {
    this.#server = server
    this.#services = services
    this.#router = router
    this.#observer = options.observer
    this.#isSecure = options.tls !== undefined
    this.#hasDashboard = (options.dashboard ?? false) !== false
    this.#connections = new ProxyConnections(this.#services)
    this.#connections.watch(this.#server)
  }

  /**
   * Starts a proxy over `node`, which stays the caller's to close, after the proxy. Rejects with
   * TypeError or RangeError for a wrong option, ERR_DHT_BIND when the port or address cannot be
   * used, CryptoError ERR_CRYPTO_EXPIRED when the certificate is not valid now.
   */
  static async start(node: ProxyNode, options: ProxyServerOptions = {}): Promise<ProxyServer> {
    const { port = DEFAULT_PROXY_PORT, address, tls } = options
    checkPlace(node, port, address)
    const limits = checkLimits(options.limits)
    const router = new Router(routesOf(options))
    const server = await createHttpServer(limits, tls, (request, reply) =>
      proxy.#onRequest(request, reply),
    )
    const tracing = await findTracing(packageVersion())
    // The last that can fail: it has a file, or connections, that would stay open.
    const kept = await KeptState.open(options, { node, log: options.log })
    const services = new Services(node, { ...options, limits, kept })
    const proxy = new ProxyServer({ server, services, router }, options)
    proxy.#tracing = tracing
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
    return `${this.#isSecure ? 'https' : 'http'}://${host}:${port}`
  }

  /** Where the dashboard is; undefined when it is not served. */
  get dashboardUrl(): string | undefined {
    return this.#hasDashboard ? `${this.url}${DASHBOARD_PATH}/` : undefined
  }

  /** In a few numbers, for people. */
  get summary(): ProxySummary {
    const { counters, kept } = this.#services
    return {
      url: this.url,
      dashboardUrl: this.dashboardUrl,
      port: this.port,
      listens: counters.listens,
      puts: kept.puts.counts.keys,
      pushListeners: kept.pushCounts.devices,
      requestsPerSecond: this.#services.requestRate(),
    }
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

  async #listen(port: number, host: string | undefined): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          this.#server.off('error', reject)
          resolve()
        })
      })
      // A connection that the system could not accept, for want of file descriptors, say.
      this.#server.on('error', (error) => this.#services.failed('accepting a connection', error))
    } catch (cause) {
      await this.#services.close()
      const { code } = cause as NodeJS.ErrnoException
      const advice = code === 'EADDRINUSE' ? '. Choose another port, or 0 for any' : ''
      const text = `Cannot bind TCP port ${port} of ${host ?? 'any address'}: ${code}${advice}`
      throw new DhtError('ERR_DHT_BIND', text, { cause })
    }
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
    // What was sent ahead on a connection that was cut off.
    if (request.socket.destroyed) return
    const connection = this.#connections.of(request.socket)
    const startedAt = performance.now()
    let name = 'none'
    let counted: ReturnType<ProxyMetrics['began']> | undefined
    let span: RequestSpan | undefined
    connection.pending++
    connection.reply = reply
    reply.on('error', ignore)
    onceGone({ request, reply }, () => {
      connection.pending--
      this.#services.replied(reply.statusCode)
      const tookMs = performance.now() - startedAt
      const status = reply.writableFinished ? reply.statusCode : CLIENT_LEFT
      counted?.ended(status, tookMs)
      span?.end(status)
      this.#observer?.replied(name, reply.statusCode, tookMs)
      this.#services.logged(request, status, tookMs)
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
      this.#services.counted(name, startedAt)
      counted = this.#services.metrics.began(name)
      span = this.#tracing?.request(name, request)
      const { peer } = connection
      const services = this.#services
      const context = { services, request, reply, peer, key: key!, search, span }
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

/** TCP port of proxies that name none. */
export const DEFAULT_PROXY_PORT = 8000

/** Throws TypeError or RangeError. */
function checkPlace(node: ProxyNode, port: number, address: string | undefined): void {
  if (typeof node?.get !== 'function') {
    throw new TypeError(`node must be a DhtRunner: got ${describeType(node)}`)
  }
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`port must be an integer of 0 to 65535: got ${port}`)
  }
  if (address !== undefined && SocketAddress.parse(address, 0) === undefined) {
    throw new RangeError(`address must be an IP address: got ${String(address)}`)
  }
}

function routesOf({ dashboard = false, log }: ProxyServerOptions): readonly Route[] {
  if (dashboard === false) return ROUTES
  return withDashboard(ROUTES, dashboard === true ? {} : dashboard, log)
}

/** A line for a client that has just left concerns nobody. */
function ignore(): void {}

/** What a reply that the client did not wait for is counted as. */
const CLIENT_LEFT = 499
