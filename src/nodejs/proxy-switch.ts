// SPDX-License-Identifier: MIT
// Lets a node with sockets work through proxies for a while, and through its sockets again.

import type { Backend } from '../api/backend.ts'
import { SwitchableBackend } from '../api/switchable-backend.ts'
import { SocketAddress } from '../core/id/socket-address.ts'
import type { ProxyBackend } from '../proxy/client/proxy-backend.ts'
import type { ProxyOptions } from '../proxy/client/proxy-options.ts'

/** How to work through proxies, whichever they are. */
export type ProxySettings = Omit<ProxyOptions, 'proxies'>

export class ProxySwitch {
  /** What operations go through. */
  readonly backend: SwitchableBackend
  readonly #sockets: Backend
  readonly #hasSockets: boolean
  #proxies: ProxyBackend | undefined
  #turn: Promise<void> = Promise.resolve()
  /** As they were given last. */
  urls: readonly string[] = []
  /** Of which gets and puts are still waited for. */
  readonly #retiring = new Set<ProxyBackend>()
  #isClosed = false

  constructor(sockets: Backend, hasSockets: boolean) {
    this.#sockets = sockets
    this.#hasSockets = hasSockets
    this.backend = new SwitchableBackend(sockets)
  }

  /** What goes through proxies; undefined while sockets are used. */
  get proxies(): ProxyBackend | undefined {
    return this.#proxies
  }

  /** Where the proxy in use sees this host; undefined as long as that is not known. */
  get publicAddress(): SocketAddress | undefined {
    const ip = this.#proxies?.proxy?.info?.publicIp?.replace(/^::ffff:/i, '')
    return ip === undefined ? undefined : SocketAddress.parse(ip, 0)
  }

  /** Calls take effect in their order. Rejects with TypeError or RangeError for wrong options. */
  use(proxies: ProxyOptions['proxies'] | undefined, settings: ProxySettings = {}): Promise<void> {
    if (proxies === undefined && !this.#hasSockets) {
      throw new TypeError('proxies must be given: this node was started without sockets')
    }
    const turn = this.#turn.then(() => this.#use(proxies, settings))
    this.#turn = turn.catch(() => {})
    return turn
  }

  close(): void {
    this.#isClosed = true
    this.#proxies?.close()
    for (const proxies of this.#retiring) proxies.close()
  }

  async #use(proxies: ProxyOptions['proxies'] | undefined, settings: ProxySettings): Promise<void> {
    const next = proxies === undefined ? undefined : await open({ ...settings, proxies })
    if (this.#isClosed) return next?.close()
    const former = this.#proxies
    this.urls = next?.urls ?? []
    if (next === former) return
    this.#proxies = next
    this.backend.moveTo(next ?? this.#sockets)
    if (former !== undefined) void this.#retire(former)
  }

  async #retire(former: ProxyBackend): Promise<void> {
    this.#retiring.add(former)
    await former.retire()
    this.#retiring.delete(former)
    this.backend.forget(former)
  }
}

/** Most nodes use none, and files take time to load. */
async function open(options: ProxyOptions): Promise<ProxyBackend> {
  const { ProxyBackend } = await import('../proxy/client/proxy-backend.ts')
  return new ProxyBackend(options)
}
