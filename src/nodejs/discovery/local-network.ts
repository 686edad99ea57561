// SPDX-License-Identifier: MIT
// The local network as peer discovery sees it: the groups of both families over all interfaces that
// there are at the moment. Interfaces are looked at every ten seconds, since the system does not
// tell when they change. Datagrams of strangers, and own ones that come back, end here.

import type { RemoteInfo } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { DhtError } from '../../core/errors.ts'
import type { Family } from '../../core/id/socket-address.ts'
import type { Log } from '../../core/ports.ts'
import type { DiscoverySend, DiscoverySender } from '../../discovery/discovery-engine.ts'
import { addressCache } from '../address-cache.ts'
import { MAX_ZONES } from '../udp-common.ts'
import { type InterfaceList, Interfaces } from './interfaces.ts'
import { GROUP_ADDRESSES, MulticastGroup } from './multicast-group.ts'

export interface LocalNetworkHandler {
  /** A datagram of somebody else; `bytes` is valid during the call only. */
  onDatagram(bytes: Uint8Array, from: DiscoverySender): void
  /** The interfaces are others than before. */
  onChanged(): void
}

export interface LocalNetworkCounters {
  /** Own datagrams that came back. */
  own: number
  /** Datagrams from addresses that are on none of our networks. */
  offLink: number
  /** What the system refused to send, join or bind. */
  errors: number
}

/** Per family whether the group is heard, and the interfaces that it is reached through. */
export interface GroupState {
  readonly family: Family
  readonly isReceiving: boolean
  readonly interfaces: readonly string[]
}

const INTERFACES_MS = 10_000
/** Texts that the log knows already. */
const MAX_SAID = 64

export class LocalNetwork {
  readonly counters: LocalNetworkCounters = { own: 0, offLink: 0, errors: 0 }
  readonly #port: number
  readonly #bound: ReadonlyMap<Family, string | undefined>
  readonly #handler: LocalNetworkHandler
  readonly #log: Log | undefined
  readonly #groups: readonly MulticastGroup[]
  /** Link-local addresses as they were heard, with their interface. */
  readonly #zoned = new Map<string, string>()
  readonly #said = new Set<string>()
  #interfaces = new Interfaces({}, new Map())
  #bindError: Error | undefined
  #poll: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isClosed = false

  /** `bound` has the families, and addresses to keep to. */
  constructor(
    place: { readonly port: number; readonly bound: ReadonlyMap<Family, string | undefined> },
    handler: LocalNetworkHandler,
    log: Log | undefined,
  ) {
    this.#port = place.port
    this.#bound = place.bound
    this.#handler = handler
    this.#log = log
    this.#groups = [...place.bound.keys()].map(
      (family) =>
        new MulticastGroup(family, place.port, {
          onDatagram: (bytes, info) => this.#onDatagram(bytes, info),
          onError: (action, error) => this.#onError(action, error),
        }),
    )
  }

  get groups(): GroupState[] {
    return this.#groups.map(({ family, isReceiving, interfaces }) => ({
      family,
      isReceiving,
      interfaces,
    }))
  }

  /** Rejects with ERR_DHT_BIND, and then nothing stays open. */
  async open(): Promise<void> {
    await this.look()
    const cause = this.#bindError
    if (cause !== undefined && !this.#groups.some(({ isReceiving }) => isReceiving)) {
      await this.close()
      throw bindError(this.#port, cause)
    }
    if (!this.#isClosed) this.#poll = setInterval(() => void this.look(), INTERFACES_MS).unref()
  }

  /** Uses the interfaces that there are now, and tries again what failed before. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#useInterfaces().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  send({ family, bytes, to }: DiscoverySend): void {
    const group = this.#groups.find((own) => own.family === family)
    if (to === undefined) group?.send(bytes)
    else group?.sendTo(bytes, this.#zoned.get(to.host) ?? to.host, to)
  }

  /** Name of the interface that a link-local address was heard on. */
  zoneOf(host: string): string | undefined {
    return this.#zoned.get(host)?.split('%')[1]
  }

  /** Resolves when the ports are free. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#poll)
    await this.#looking
    await Promise.all(this.#groups.map((group) => group.close()))
  }

  #onDatagram(bytes: Uint8Array, info: RemoteInfo): void {
    const address = addressCache.get(info.address, info.port)
    const group = this.#groups.find(({ family }) => family === address?.family)
    if (address === undefined || group === undefined || address.isMartian) return
    const isOwn = this.#interfaces.isOwn(address)
    if (isOwn && group.ownsPort(address.port)) {
      this.counters.own++
      return
    }
    if (!isOwn && !this.#interfaces.isOnLink(address)) {
      this.counters.offLink++
      return
    }
    if (info.address.includes('%')) this.#rememberZone(address.host, info.address)
    this.#handler.onDatagram(bytes, { address, isLocal: isOwn })
  }

  #rememberZone(host: string, zoned: string): void {
    if (this.#zoned.size >= MAX_ZONES && !this.#zoned.has(host)) this.#zoned.clear()
    this.#zoned.set(host, zoned)
  }

  async #useInterfaces(): Promise<void> {
    const interfaces = new Interfaces(this.#listInterfaces(), this.#bound)
    const isNew = `${interfaces}` !== `${this.#interfaces}`
    this.#interfaces = interfaces
    if (isNew) this.#said.clear()
    if (interfaces.omitted > 0) this.#say(`${interfaces.omitted} interfaces are left out`)
    for (const group of this.#groups) await group.use(interfaces.used)
    if (isNew && !this.#isClosed) this.#handler.onChanged()
  }

  #listInterfaces(): InterfaceList {
    try {
      return networkInterfaces()
    } catch (error) {
      // Some systems keep them to themselves.
      this.#onError('list the interfaces', error as Error)
      return {}
    }
  }

  #onError(action: string, error: Error): void {
    this.counters.errors++
    if (action.startsWith('bind')) this.#bindError ??= error
    this.#say(`cannot ${action}: ${error.message}`)
  }

  /** Once, until the interfaces change: most troubles come back every ten seconds. */
  #say(text: string): void {
    if (this.#said.has(text) || !this.#log?.enabled('debug')) return
    if (this.#said.size >= MAX_SAID) this.#said.clear()
    this.#said.add(text)
    this.#log.write('debug', `Peer discovery: ${text}`)
  }
}

function bindError(port: number, cause: Error): DhtError {
  const code = (cause as NodeJS.ErrnoException).code ?? cause.message
  const groups = Object.values(GROUP_ADDRESSES).join(' and ')
  const advice = code === 'EADDRINUSE' ? '. Another socket keeps the port to itself' : ''
  const text = `Cannot bind UDP port ${port} of ${groups} for peer discovery: ${code}${advice}`
  return new DhtError('ERR_DHT_BIND', text, { cause })
}
