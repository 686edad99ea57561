// SPDX-License-Identifier: MIT
// Finds services on the local network, and lets services be found, over multicast (spec discovery,
// section 1): the engine of src/discovery with sockets, a timer and iterators. Any number of
// services share one object; the DHT is one of them (dht-discovery.ts).

import { onAbort } from '../../api/on-abort.ts'
import { type ResultSink, resultStream } from '../../api/result-stream.ts'
import { DhtError } from '../../core/errors.ts'
import type { Family } from '../../core/id/socket-address.ts'
import {
  type DiscoveryCounters,
  DiscoveryEngine,
  type DiscoverySender,
  type FoundService,
} from '../../discovery/discovery-engine.ts'
import { type MsgpackValue, packMsgpackValue } from '../../discovery/msgpack-value.ts'
import { monotonicNow } from '../driver.ts'
import { SystemRandom } from '../random.ts'
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
import { type GroupState, LocalNetwork, type LocalNetworkCounters } from './local-network.ts'

/** What `discover` takes. */
export interface DiscoverOptions {
  signal?: AbortSignal | undefined
}

/** What `publish` takes. */
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

/** What was sent, heard and dropped on the local network. */
export interface PeerDiscoveryStats extends DiscoveryCounters, LocalNetworkCounters, QueueCounters {
  readonly groups: readonly GroupState[]
}

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
  readonly #engine: DiscoveryEngine
  readonly #network: LocalNetwork
  readonly #readers = new Map<string, Set<Reader>>()
  readonly #publications = new Set<Publication>()
  readonly #queueCounters: QueueCounters = { refused: 0, overflowed: 0 }
  #timer: NodeJS.Timeout | undefined
  #isSettlePlanned = false
  #isClosed = false

  private constructor(options: PeerDiscoveryOptions) {
    const bound = checkDiscoveryOptions(options)
    const { port = DEFAULT_DISCOVERY_PORT, log } = options
    this.port = port
    this.#engine = new DiscoveryEngine([...bound.keys()], port, new SystemRandom())
    const handler = {
      onDatagram: (bytes: Uint8Array, from: DiscoverySender) => {
        this.#engine.receive(bytes, from, monotonicNow())
        this.#settleSoon()
      },
      onChanged: () => this.#restart(),
    }
    this.#network = new LocalNetwork({ port, bound }, handler, log)
  }

  /**
   * Opens the sockets; nothing is sent before something is published or looked for. Rejects with
   * TypeError or RangeError for a wrong option, ERR_DHT_BIND when the port cannot be used. Other
   * troubles of the network are logged, counted, and tried again every ten seconds.
   */
  static async start(options: PeerDiscoveryOptions = {}): Promise<PeerDiscovery> {
    const discovery = new PeerDiscovery(options)
    await discovery.#network.open()
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
    const used = this.#engine.families
    const families = used.filter((own) => family === undefined || own === family)
    if (families.length === 0) {
      throw new RangeError(`family must be one that is used, ${used.join(' or ')}: got ${family}`)
    }
    signal?.throwIfAborted()
    this.#checkOpen(`publish ${service}`)
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
    if (typeof decode !== 'function') {
      throw new TypeError(`decode must be a function: got ${typeof decode}`)
    }
    return resultStream(
      () => new DiscoveryQueue(decode, this.#queueCounters),
      (queue, sink) => this.#read(service, { queue, sink }),
      signal,
    )
  }

  /** To be called when the host got into another network: looks, asks and announces anew. */
  connectivityChanged(): void {
    if (this.#isClosed) return
    this.#restart()
    void this.#network.look()
  }

  /** Counters since the start. */
  stats(): PeerDiscoveryStats {
    const { dropped, ...counters } = this.#engine.counters
    const { counters: networkCounters, groups } = this.#network
    const all = { ...counters, ...networkCounters, ...this.#queueCounters }
    return { ...all, dropped: { ...dropped }, groups }
  }

  /** Ends all loops and publications. Resolves when the ports are free; may be repeated. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (const publication of this.#publications) publication.close()
    for (const { sink } of [...this.#readers.values()].flatMap((it) => [...it])) sink.end()
    await this.#network.close()
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

  #restart(): void {
    this.#engine.restart(monotonicNow())
    this.#settleSoon()
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
    for (const send of this.#engine.takeSends()) this.#network.send(send)
    for (const found of this.#engine.takeFound()) this.#report(found)
    this.#arm()
  }

  #report(found: FoundService): void {
    const zone = this.#network.zoneOf(found.from.host)
    for (const { queue, sink } of this.#readers.get(found.name) ?? []) {
      queue.push(found, zone)
      sink.notify()
    }
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const at = this.#engine.nextWakeup()
    if (at === undefined) return
    this.#timer = setTimeout(() => this.#settle(), Math.max(0, at - monotonicNow()))
  }

  #checkOpen(action: string): void {
    if (this.#isClosed) throw new DhtError('ERR_DHT_CLOSED', `Cannot ${action}: closed`)
  }
}
