// SPDX-License-Identifier: MIT
// Finds services on the local network, and lets services be found, over multicast (spec discovery,
// section 1): the engine of src/discovery with sockets, a timer and a look at the interfaces now
// and then. Any number of services share one object; the DHT is one of them (dht-discovery.ts).

import type { RemoteInfo } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { onAbort } from '../../api/on-abort.ts'
import { type ResultSink, resultStream } from '../../api/result-stream.ts'
import { DhtError } from '../../core/errors.ts'
import type { Family } from '../../core/id/socket-address.ts'
import type { Log } from '../../core/ports.ts'
import { type DiscoveryCounters, DiscoveryEngine } from '../../discovery/discovery-engine.ts'
import { type MsgpackValue, packMsgpackValue } from '../../discovery/msgpack-value.ts'
import { addressCache } from '../address-cache.ts'
import { monotonicNow } from '../driver.ts'
import { SystemRandom } from '../random.ts'
import { MAX_ZONES } from '../udp-common.ts'
import {
  checkDiscoveryOptions,
  checkServiceName,
  DEFAULT_DISCOVERY_PORT,
  type PeerDiscoveryOptions,
} from './discovery-options.ts'
import {
  type DecodePayload,
  type DiscoveredService,
  DiscoveryQueue,
  type QueueCounters,
} from './discovery-queue.ts'
import { type InterfaceList, Interfaces } from './interfaces.ts'
import { GROUP_ADDRESSES, MulticastGroup } from './multicast-group.ts'

export interface DiscoverOptions {
  signal?: AbortSignal | undefined
}

export interface PublishOptions {
  /** Announce it in this address family only; default in both. */
  family?: Family | undefined
  /** Ends the publication. */
  signal?: AbortSignal | undefined
}

/** A service that is being announced. */
export interface Publication extends Disposable {
  readonly service: string
  /** Says something else from now on, and says so at once. Throws as `publish` does. */
  update(payload: MsgpackValue): void
  /** Ends it; others are not told. May be repeated. */
  close(): void
}

export interface PeerDiscoveryStats extends DiscoveryCounters, QueueCounters {
  /** Own datagrams that came back. */
  own: number
  /** Datagrams from addresses that are on none of our networks. */
  offLink: number
  /** What the system refused to send, join or bind. */
  errors: number
  /** Per family whether the group is heard, and the interfaces that it is reached through. */
  readonly families: readonly {
    readonly family: Family
    readonly isReceiving: boolean
    readonly interfaces: readonly string[]
  }[]
}

/** How often the interfaces are looked at: the system does not tell when they change. */
const INTERFACES_MS = 10_000

interface Reader {
  readonly queue: DiscoveryQueue<unknown>
  readonly sink: ResultSink
}

/**
 * @example
 * await using discovery = await PeerDiscovery.start()
 * discovery.publish('printer', { model: 'B2', port: 631 })
 * for await (const { payload, from } of discovery.discover('printer')) {
 *   console.log(from.host, payload)
 * }
 */
export class PeerDiscovery implements AsyncDisposable {
  /** UDP port of the groups. */
  readonly port: number
  readonly #bound: ReadonlyMap<Family, string | undefined>
  readonly #log: Log | undefined
  readonly #engine: DiscoveryEngine
  readonly #groups: readonly MulticastGroup[]
  readonly #readers = new Map<string, Set<Reader>>()
  readonly #publications = new Set<Publication>()
  readonly #counters = { own: 0, offLink: 0, errors: 0, refused: 0, overflowed: 0 }
  /** Link-local addresses as they were heard, with their interface. */
  readonly #zoned = new Map<string, string>()
  #interfaces = new Interfaces({}, new Map())
  #bindError: Error | undefined
  #poll: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  #refreshing: Promise<void> | undefined
  #isSettlePlanned = false
  #isClosed = false

  private constructor(options: PeerDiscoveryOptions) {
    this.#bound = checkDiscoveryOptions(options)
    this.port = options.port ?? DEFAULT_DISCOVERY_PORT
    this.#log = options.log
    const families = [...this.#bound.keys()]
    this.#engine = new DiscoveryEngine(families, new SystemRandom())
    this.#groups = families.map(
      (family) =>
        new MulticastGroup(family, this.port, {
          onDatagram: (bytes, info) => this.#onDatagram(bytes, info),
          onError: (action, error) => this.#onError(action, error),
        }),
    )
  }

  /**
   * Opens the sockets; nothing is sent before something is published or looked for. Rejects with
   * TypeError or RangeError for a wrong option, ERR_DHT_BIND when the port cannot be used. Other
   * troubles of the network are logged, counted, and tried again every ten seconds.
   */
  static async start(options: PeerDiscoveryOptions = {}): Promise<PeerDiscovery> {
    const discovery = new PeerDiscovery(options)
    await discovery.#lookAtInterfaces()
    if (!discovery.#groups.some(({ isReceiving }) => isReceiving)) {
      await discovery.close()
      throw bindError(discovery.port, discovery.#bindError)
    }
    discovery.#poll = setInterval(() => void discovery.#lookAtInterfaces(), INTERFACES_MS).unref()
    return discovery
  }

  /**
   * Announces a service with what there is to know about it: at once, a few times more within a
   * minute, and to whoever asks. All services of one object share a datagram; short ones arrive
   * best. Throws TypeError or RangeError for what cannot be sent, or is published already.
   */
  publish(service: string, payload: MsgpackValue, options: PublishOptions = {}): Publication {
    checkServiceName(service)
    const { family, signal } = options
    if (family !== undefined && family !== 4 && family !== 6) {
      throw new RangeError(`family must be 4 or 6: got ${family}`)
    }
    signal?.throwIfAborted()
    this.#checkOpen(`publish ${service}`)
    const families = this.#engine.families.filter((own) => family === undefined || own === family)
    if (families.some((own) => this.#engine.isPublished(service, own))) {
      throw new RangeError(`service "${service}" is published already: update its publication`)
    }
    this.#announce(service, payload, families)
    return this.#newPublication(service, families, signal)
  }

  /**
   * Services of this name on the local network, also of this computer, as they announce themselves:
   * those that are there answer at once. The same host is reported again when it says something
   * else, or says the same again after a while. Hosts that leave do not say so.
   *
   * Anybody on the network can announce anything, so payloads need checking: `decode` turns one
   * into what is wanted and returns undefined, or throws, for all else, which is left out then.
   * Without it payloads come as they are. Ends without an error when this object is closed.
   */
  discover(service: string, options?: DiscoverOptions): AsyncIterable<DiscoveredService>
  discover<T>(
    service: string,
    options: DiscoverOptions & { readonly decode: DecodePayload<T> },
  ): AsyncIterable<DiscoveredService<T>>
  discover(
    service: string,
    options: DiscoverOptions & { readonly decode?: DecodePayload<unknown> } = {},
  ): AsyncIterable<DiscoveredService<unknown>> {
    checkServiceName(service)
    const { signal, decode = (payload) => payload } = options
    return resultStream(
      () => new DiscoveryQueue(decode, this.#counters),
      (queue, sink) => this.#read(service, { queue, sink }),
      signal,
    )
  }

  /** To be called when the host got into another network: looks, asks and announces anew. */
  connectivityChanged(): void {
    if (this.#isClosed) return
    this.#engine.restart(monotonicNow())
    this.#settleSoon()
    void this.#lookAtInterfaces()
  }

  /** Counters since the start. */
  stats(): PeerDiscoveryStats {
    const { dropped, ...counters } = this.#engine.counters
    const families = this.#groups.map(({ family, isReceiving, interfaces }) => ({
      family,
      isReceiving,
      interfaces,
    }))
    return { ...counters, ...this.#counters, dropped: { ...dropped }, families }
  }

  /** Ends all loops and publications. Resolves when the ports are free; may be repeated. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#poll)
    clearTimeout(this.#timer)
    for (const publication of this.#publications) publication.close()
    for (const { sink } of [...this.#readers.values()].flatMap((it) => [...it])) sink.end()
    await this.#refreshing
    await Promise.all(this.#groups.map((group) => group.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #announce(service: string, payload: MsgpackValue, families: readonly Family[]): void {
    this.#engine.publish(service, packMsgpackValue(payload, 'payload'), families, monotonicNow())
    this.#settleSoon()
  }

  #newPublication(
    service: string,
    families: readonly Family[],
    signal: AbortSignal | undefined,
  ): Publication {
    const close = (): void => {
      if (!this.#publications.delete(publication)) return
      ignoreAbort()
      this.#engine.unpublish(service, families)
    }
    const publication: Publication = {
      service,
      update: (payload) => {
        if (!this.#publications.has(publication)) {
          throw new DhtError('ERR_DHT_CLOSED', `Cannot update ${service}: it is closed`)
        }
        this.#announce(service, payload, families)
      },
      close,
      [Symbol.dispose]: close,
    }
    this.#publications.add(publication)
    const ignoreAbort = onAbort(signal, close)
    return publication
  }

  #read(service: string, reader: Reader): () => void {
    this.#checkOpen(`discover ${service}`)
    const readers = this.#readers.get(service) ?? new Set<Reader>()
    this.#readers.set(service, readers.add(reader))
    this.#engine.subscribe(service, monotonicNow())
    this.#settleSoon()
    return () => {
      readers.delete(reader)
      if (readers.size > 0 || this.#readers.get(service) !== readers) return
      this.#readers.delete(service)
      this.#engine.unsubscribe(service)
    }
  }

  #onDatagram(bytes: Uint8Array, info: RemoteInfo): void {
    const address = addressCache.get(info.address, info.port)
    const group = this.#groups.find(({ family }) => family === address?.family)
    if (address === undefined || group === undefined || address.isMartian) return
    const isOwn = this.#interfaces.isOwn(address)
    if (isOwn && group.ownsPort(address.port)) {
      this.#counters.own++
      return
    }
    if (!isOwn && !this.#interfaces.isOnLink(address)) {
      this.#counters.offLink++
      return
    }
    if (info.address.includes('%')) this.#rememberZone(address.host, info.address)
    const sharesPort = isOwn && address.port === this.port
    this.#engine.receive(bytes, { address, sharesPort }, monotonicNow())
    this.#settleSoon()
  }

  #rememberZone(host: string, zoned: string): void {
    if (this.#zoned.size >= MAX_ZONES && !this.#zoned.has(host)) this.#zoned.clear()
    this.#zoned.set(host, zoned)
  }

  /** What comes in one turn, and what is published in one, is dealt with together. */
  #settleSoon(): void {
    if (this.#isSettlePlanned) return
    this.#isSettlePlanned = true
    queueMicrotask(() => {
      this.#isSettlePlanned = false
      this.#settle()
    })
  }

  #settle(): void {
    if (this.#isClosed) return
    this.#engine.advance(monotonicNow())
    for (const { family, bytes, to } of this.#engine.takeSends()) {
      const group = this.#groups.find((own) => own.family === family)
      if (to === undefined) group?.send(bytes)
      else group?.sendTo(bytes, this.#zoned.get(to.host) ?? to.host, to)
    }
    for (const found of this.#engine.takeFound()) {
      const zone = this.#zoned.get(found.from.host)?.split('%')[1]
      for (const { queue, sink } of this.#readers.get(found.name) ?? []) {
        queue.push(found, zone)
        sink.notify()
      }
    }
    this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const at = this.#engine.nextWakeup()
    if (at === undefined) return
    this.#timer = setTimeout(() => this.#settle(), Math.max(0, at - monotonicNow()))
  }

  /** Those that came are joined; when anything is other than before, everybody is asked again. */
  #lookAtInterfaces(): Promise<void> {
    this.#refreshing ??= this.#useInterfaces(networkInterfaces()).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #useInterfaces(list: InterfaceList): Promise<void> {
    const interfaces = new Interfaces(list, this.#bound)
    const isNew = `${interfaces}` !== `${this.#interfaces}`
    this.#interfaces = interfaces
    for (const group of this.#groups) await group.use(interfaces.used)
    if (!isNew || this.#isClosed) return
    if (interfaces.omitted > 0) this.#warn(`${interfaces.omitted} interfaces are left out`)
    this.#engine.restart(monotonicNow())
    this.#settleSoon()
  }

  #onError(action: string, error: Error): void {
    this.#counters.errors++
    if (action.startsWith('bind')) this.#bindError ??= error
    this.#warn(`cannot ${action}: ${error.message}`)
  }

  #warn(text: string): void {
    if (this.#log?.enabled('debug')) this.#log.write('debug', `Peer discovery: ${text}`)
  }

  #checkOpen(action: string): void {
    if (this.#isClosed) throw new DhtError('ERR_DHT_CLOSED', `Cannot ${action}: closed`)
  }
}

function bindError(port: number, cause: Error | undefined): DhtError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'no address family'
  const groups = Object.values(GROUP_ADDRESSES).join(' and ')
  const advice = code === 'EADDRINUSE' ? '. Another program keeps the port to itself' : ''
  const text = `Cannot bind UDP port ${port} of ${groups} for peer discovery: ${code}${advice}`
  return new DhtError('ERR_DHT_BIND', text, { cause })
}
