// SPDX-License-Identifier: MIT
// Keeps the names of bootstrap hosts and resolves them whenever the engine has nobody to talk to.
// Names are resolved anew each time, as addresses behind them move. How often the engine asks, and
// whom of the answers it contacts, is its own business.

import type { SocketAddress } from '../core/id/socket-address.ts'
import type { Log } from '../core/ports.ts'
import { type HostPort, parseHostPort, type Resolver, resolveHost } from './resolve.ts'

export interface BootstrapSink {
  /** There are new names: asks for `run` soon, and waits for what comes of it. */
  expectBootstrap(): void
  /** Hands addresses to the engine; an empty list says that this attempt came to nothing. */
  bootstrap(addresses: readonly SocketAddress[]): void
}

interface Host extends HostPort {
  readonly name: string
  /** What was last said about it in the log, so that nothing is said twice. */
  problem: string | undefined
  isResolving: boolean
}

export class Bootstrapper {
  readonly #sink: BootstrapSink
  readonly #resolver: Resolver | undefined
  readonly #log: Log | undefined
  readonly #hosts = new Map<string, Host>()
  #isClosed = false

  constructor(
    sink: BootstrapSink,
    options: { resolver?: Resolver | undefined; log?: Log | undefined } = {},
  ) {
    this.#sink = sink
    this.#resolver = options.resolver
    this.#log = options.log
  }

  /** As they were given. */
  get names(): string[] {
    return [...this.#hosts.values()].map(({ name }) => name)
  }

  /**
   * Remembers hosts, each once. Throws TypeError or RangeError for a malformed one, and then takes
   * none of them.
   */
  add(names: readonly string[]): void {
    const hosts = names.map(toHost)
    const before = this.#hosts.size
    for (const host of hosts) {
      const key = `${host.host}|${host.port}`
      if (!this.#hosts.has(key)) this.#hosts.set(key, host)
    }
    if (this.#hosts.size > before) this.#sink.expectBootstrap()
  }

  /** Forgets all hosts. Nodes that were found through them stay. */
  clear(): void {
    this.#hosts.clear()
  }

  /**
   * Resolves all hosts again, except those for which this is still going on, and hands over what
   * resolves at once instead of waiting for the slowest name. Never rejects.
   */
  async run(): Promise<void> {
    const hosts = [...this.#hosts.values()].filter(({ isResolving }) => !isResolving)
    if (hosts.length === 0 && this.#hosts.size > 0) return
    let found = 0
    await Promise.all(
      hosts.map(async (host) => {
        const addresses = await this.#resolve(host)
        if (this.#isClosed || addresses.length === 0) return
        found += addresses.length
        this.#sink.bootstrap(addresses)
      }),
    )
    if (found === 0 && !this.#isClosed) this.#sink.bootstrap([])
  }

  /** What is being resolved comes to nothing. */
  close(): void {
    this.#isClosed = true
    this.#hosts.clear()
  }

  async #resolve(host: Host): Promise<SocketAddress[]> {
    host.isResolving = true
    try {
      const addresses = await resolveHost(host, this.#resolver)
      if (host.problem !== undefined) this.#note(host, undefined)
      return addresses
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (problem !== host.problem) this.#note(host, problem)
      return []
    } finally {
      host.isResolving = false
    }
  }

  #note(host: Host, problem: string | undefined): void {
    host.problem = problem
    if (this.#isClosed || !this.#log?.enabled('warning')) return
    this.#log.write('warning', problem ?? `Bootstrap host "${host.name}" can be resolved again`)
  }
}

function toHost(name: string): Host {
  return { ...parseHostPort(name), name, problem: undefined, isResolving: false }
}
