// SPDX-License-Identifier: MIT
// The REST proxies that a run of dhtnode serves: those of the command line, and those that commands
// start and stop. Loaded when the first one is asked for.

import type { Log } from '../../core/ports.ts'
import type { Identity } from '../../crypto/identity.ts'
import type { DhtRunner } from '../../nodejs/dht-runner.ts'
import type { LogRing } from '../../proxy/server/inspect/log-ring.ts'
import { ProxyServer } from '../../proxy/server/proxy-server.ts'
import type { StoreOptions } from '../../proxy/server/store/open-store.ts'
import { openIdentity } from '../own-identity.ts'
import type { Output } from '../screen.ts'
import type { ProxyFlags } from './proxy-options.ts'

export interface ProxyServersParts {
  readonly node: DhtRunner
  readonly flags: ProxyFlags
  /** Of the node: for HTTPS, if the flags name no other. */
  readonly identity: Identity | undefined
  /** File of the node's state, beside which that of proxies is. */
  readonly persist: string | undefined
  readonly log: Log
  /** The same, if its lines are kept for the dashboard. */
  readonly ring: LogRing | undefined
  readonly out: Output
}

export class ProxyServers {
  readonly #parts: ProxyServersParts
  readonly #servers = new Set<ProxyServer>()

  constructor(parts: ProxyServersParts) {
    this.#parts = parts
  }

  /** Those of the command line. Rejects with ERR_DHT_BIND and the like, and none is served then. */
  async startGiven(): Promise<void> {
    const { httpPort, httpsPort } = this.#parts.flags
    try {
      if (httpPort !== undefined) await this.start(httpPort)
      if (httpsPort !== undefined) await this.startSecure(httpsPort)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  get list(): readonly ProxyServer[] {
    return [...this.#servers]
  }

  start(port: number, pushGateway?: string): Promise<ProxyServer> {
    return this.#start(port, undefined, pushGateway)
  }

  /** Rejects with an Error for the user when there is no certificate. */
  async startSecure(port: number, pushGateway?: string): Promise<ProxyServer> {
    const { flags, out, identity } = this.#parts
    const { signal } = new AbortController()
    const own = flags.identity ? await openIdentity(flags.identity, out, signal) : identity
    if (own !== undefined) return this.#start(port, own, pushGateway)
    throw new Error('HTTPS needs a certificate: start with --proxy-certificate and --proxy-privkey')
  }

  /** Resolves to whether there was one on this port. */
  async stop(port: number): Promise<boolean> {
    const server = this.list.find((it) => it.port === port)
    if (server === undefined) return false
    this.#servers.delete(server)
    await server.close()
    return true
  }

  async close(): Promise<void> {
    const closing = this.list.map((server) => server.close())
    this.#servers.clear()
    await Promise.all(closing)
  }

  async #start(
    port: number,
    identity: Identity | undefined,
    gateway = this.#parts.flags.push.gateway,
  ): Promise<ProxyServer> {
    const { node, flags, log, ring } = this.#parts
    const { address, push, token } = flags
    const server = await ProxyServer.start(node, {
      port,
      address,
      log,
      tls: identity && { identity },
      push: { ...push, gateway },
      store: this.#storeOf(port),
      dashboard: { token, log: ring },
    })
    this.#servers.add(server)
    return server
  }

  /** Beside the node's state, where a C++ node has that of its proxies, too. */
  #storeOf(port: number): StoreOptions {
    const { flags, persist } = this.#parts
    const importPath = persist === undefined ? undefined : `${persist}_${port}`
    if (flags.redis !== undefined) return { redis: flags.redis, importPath }
    return importPath === undefined ? {} : { path: `${importPath}.sqlite`, importPath }
  }
}
