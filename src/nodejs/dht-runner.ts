// SPDX-License-Identifier: MIT
// A node with real sockets: puts engine, transports, bootstrap and state file together, and is the
// DhtInterface of an application on Node.js.

import type { OperationOptions } from '../api/dht-interface.ts'
import { EngineBackend } from '../api/engine-backend.ts'
import { Inspector } from '../api/inspector.ts'
import { Listeners } from '../api/listeners.ts'
import type { Operations } from '../api/operations.ts'
import { pingAny } from '../api/ping.ts'
import { resolveConfig } from '../core/config.ts'
import { Dht } from '../core/dht.ts'
import type { DhtEvent, NodeExport, NodeStatus } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import { type Family, SocketAddress } from '../core/id/socket-address.ts'
import { ArenaPool } from '../core/net/arena-pool.ts'
import { Outbox } from '../core/net/outbox.ts'
import type { Log } from '../core/ports.ts'
import type { ImportResult } from '../core/storage/value-transfer.ts'
import type { ValueType } from '../core/value/value-type.ts'
import { certificateKeys } from '../crypto/certificate-keys.ts'
import { rsaVerifier } from '../crypto/signature-verifier.ts'
import type { ProxyOptions } from '../proxy/client/proxy-options.ts'
import type { PushData, PushOutcome } from '../proxy/client/push.ts'
import { SecureDht, type SecureOptions } from '../secure/secure-dht.ts'
import { Bootstrapper } from './bootstrapper.ts'
import type { DhtDiscoveryOptions } from './discovery/discovery-options.ts'
import type { PeerDiscovery } from './discovery/peer-discovery.ts'
import { Driver, monotonicNow } from './driver.ts'
import { checkOptionNames } from './option-names.ts'
import { type ProxySettings, ProxySwitch } from './proxy-switch.ts'
import { SystemRandom } from './random.ts'
import { parseHostPort, type Resolver, resolveHost } from './resolve.ts'
import { checkOptions, type RunnerOptions } from './runner-options.ts'
import type { SavedState } from './saved-state.ts'
import { openSockets } from './sockets.ts'
import type { Transport, TransportHandler, TransportStats } from './transport.ts'
import { chooseTransport } from './transport-choice.ts'

/** Of all nodes of the thread. */
const arenas = new ArenaPool()

interface RunnerParts {
  readonly driver: Driver
  readonly transports: readonly Transport[]
  readonly state: SavedState | undefined
  readonly resolver: Resolver | undefined
  readonly log: Log | undefined
  readonly secure: SecureOptions
}

/**
 * A node of the network, on UDP sockets of this host, with all that `DhtInterface` promises.
 * @example
 * await using node = await DhtRunner.start({ bootstrap: ['bootstrap.example.org'] })
 * await node.put('unique_key', 'some data')
 * for await (const value of node.get('unique_key')) console.log(value.data)
 */
export class DhtRunner extends SecureDht {
  readonly #driver: Driver
  readonly #engine: EngineBackend
  readonly #proxySwitch: ProxySwitch
  readonly #transports: readonly Transport[]
  readonly #state: SavedState | undefined
  readonly #resolver: Resolver | undefined
  readonly #bootstrapper: Bootstrapper
  #discovery: PeerDiscovery | undefined
  #wasConnected = false
  readonly #addressListeners = new Listeners<readonly SocketAddress[]>()

  private constructor({ driver, transports, state, resolver, log, secure }: RunnerParts) {
    const engine = new EngineBackend(driver)
    const proxySwitch = new ProxySwitch(engine, transports.length > 0)
    super(proxySwitch.backend, rsaVerifier, secure)
    this.#driver = driver
    this.#engine = engine
    this.#proxySwitch = proxySwitch
    this.#transports = transports
    this.#state = state
    this.#resolver = resolver
    this.#bootstrapper = new Bootstrapper(
      {
        expectBootstrap: () => this.#expectBootstrap(),
        bootstrap: (addresses) => this.#operations.run((dht, now) => dht.bootstrap(addresses, now)),
      },
      { resolver, log },
    )
  }

  /**
   * Starts a node. Resolves when its sockets are open; it joins the network by itself from then on
   * (see `whenConnected`), and operations wait for that as long as there is hope.
   *
   * Rejects with TypeError or RangeError for a wrong option, also one that there is not,
   * ERR_DHT_BIND when a port or address cannot be used, ERR_DHT_STATE when the state file cannot be
   * read or written, CryptoError ERR_CRYPTO_EXPIRED when the certificate of the identity is not
   * valid now.
   */
  static async start(options: RunnerOptions = {}): Promise<DhtRunner> {
    await checkOptionNames(options)
    const { plan, stateIntervalMs, transport, peerDiscovery } = checkOptions(options)
    const { bootstrap = [], statePath, resolver, log } = options
    for (const host of bootstrap) parseHostPort(host)
    const random = new SystemRandom()
    resolveConfig(options, random)
    const state = statePath === undefined ? undefined : await loadState(statePath, log)
    // Datagrams that come before there is an engine have nobody to read them.
    let driver: Driver | undefined
    const handler: TransportHandler = {
      onDatagram: (bytes, from) => driver?.onDatagram(bytes, from),
      onBatchEnd: () => driver?.onBatchEnd() ?? false,
      onSendFailed: (to) => driver?.onSendFailed(to),
    }
    const open = options.openTransport ?? chooseTransport(transport, log)
    const { proxy } = options
    const transports =
      proxy === undefined ? await openSockets(plan, state?.ports, open, handler) : []
    try {
      // An engine without sockets does nothing, and has to have a family all the same.
      const families = proxy === undefined ? transports.map(({ family }) => family) : undefined
      const id = state?.id ?? options.id ?? options.identity?.nodeId
      const config = { ...options, id, families }
      const outbox = new Outbox(arenas)
      const ports = { random, verifier: rsaVerifier, certificateKeys, log, outbox }
      const dht = new Dht(config, ports, monotonicNow())
      driver = new Driver(dht, transports, (events) => runner.#onEvents(events))
      const runner = new DhtRunner({ driver, transports, state, resolver, log, secure: options })
      if (proxy !== undefined) await runner.#proxySwitch.use(proxy.proxies, proxy)
      await runner.#restoreState(stateIntervalMs)
      runner.bootstrap(...bootstrap)
      if (peerDiscovery !== undefined) await runner.#startDiscovery(peerDiscovery, log)
      driver.kick()
      return runner
    } catch (error) {
      state?.stop()
      driver?.stop()
      await Promise.all(transports.map((transport) => transport.close()))
      throw error
    }
  }

  /** Id of this node. */
  get id(): InfoHash {
    return this.#driver.dht.id
  }

  /** Looks into the node: routing table, searches, storage. */
  get inspector(): Inspector {
    return new Inspector(this.#driver)
  }

  /** Bound addresses, IPv4 first. */
  get addresses(): SocketAddress[] {
    return this.#transports.map(({ address }) => address)
  }

  /** Bound port of IPv4; undefined without IPv4. */
  get port4(): number | undefined {
    return this.#portOf(4)
  }

  /** Bound port of IPv6; undefined without IPv6. */
  get port6(): number | undefined {
    return this.#portOf(6)
  }

  /**
   * With the option `peerDiscovery`: what finds other nodes on the local network, for services of
   * the application. It is closed with the node.
   */
  get discovery(): PeerDiscovery | undefined {
    return this.#discovery
  }

  /** Counters of the sockets by family, since the start. */
  get transportStats(): { family: Family; kind: string; stats: Readonly<TransportStats> }[] {
    return this.#transports.map(({ family, kind, stats }) => ({
      family,
      kind,
      stats: { ...stats },
    }))
  }

  /** Hosts that the node joins the network through, as they were given. */
  get bootstrapHosts(): string[] {
    return this.#bootstrapper.names
  }

  /**
   * Adds hosts to join the network through, in the form of the `bootstrap` option. They are
   * contacted while a family is not connected, now and later; names that do not resolve are logged
   * and tried again. Throws TypeError or RangeError for a malformed one.
   */
  bootstrap(...hosts: string[]): void {
    if (!this.isClosed) this.#bootstrapper.add(hosts)
  }

  /** Forgets the bootstrap hosts; nodes that were found stay. */
  clearBootstrap(): void {
    this.#bootstrapper.clear()
  }

  /**
   * Whether a node answers at `target`, an address or `host:port`: of several addresses, one has
   * to. Rejects with ERR_DHT_RESOLVE when the name cannot be resolved.
   */
  async ping(target: string | SocketAddress, options: OperationOptions = {}): Promise<boolean> {
    const { signal } = options
    signal?.throwIfAborted()
    this.checkOpen(() => `ping ${target}`)
    const addresses =
      target instanceof SocketAddress
        ? [target]
        : await resolveHost(parseHostPort(target), this.#resolver)
    signal?.throwIfAborted()
    return pingAny(this.#operations, addresses, signal)
  }

  /**
   * From now on, works through REST proxies, where UDP is blocked or costs too much; undefined ends
   * that. Listens and permanent puts go on without losing or repeating anything, other operations
   * end where they began. The sockets stay open: this node goes on serving others, and its
   * `inspector`, `ping` and addresses are those of the node itself. Resolves when the switch is
   * made; see `whenConnected`. Rejects with TypeError or RangeError for wrong options.
   */
  async enableProxy(
    proxies: ProxyOptions['proxies'] | undefined,
    settings: ProxySettings = {},
  ): Promise<void> {
    this.checkOpen(() => (proxies === undefined ? 'leave the proxies' : 'use proxies'))
    await this.#proxySwitch.use(proxies, settings)
  }

  /** URLs of the proxies that may be used; none while sockets are. */
  get proxies(): readonly string[] {
    return this.#proxySwitch.urls
  }

  /** The one of them in use; undefined while none is ready. */
  get proxy(): string | undefined {
    return this.#proxySwitch.proxies?.proxy?.url
  }

  /** While proxies are used: another token of this device, or none, as in `ProxyClient`. */
  setPushNotificationToken(token: string | undefined): void {
    this.#proxySwitch.proxies?.setPushToken(token)
  }

  /** To be called with the data of every notification that arrives. Never rejects. */
  async pushNotificationReceived(data: PushData): Promise<PushOutcome> {
    return (await this.#proxySwitch.proxies?.receiveNotification(data)) ?? 'ignored'
  }

  /** To be called when the host got other addresses: everything known is confirmed anew. */
  connectivityChanged(family?: Family): void {
    this.#proxySwitch.proxies?.connectivityChanged()
    this.#operations.run((dht, now) => dht.connectivityChanged(now, family))
    this.#discovery?.connectivityChanged()
  }

  /** Own addresses as peers see them, most reported first, with the bound port, or 0 without. */
  publicAddresses(family?: Family): SocketAddress[] {
    const seenByProxy = this.#transports.length === 0 ? this.#proxySwitch.publicAddress : undefined
    if (seenByProxy !== undefined) return [seenByProxy]
    return this.#withPorts(this.#driver.dht.publicAddresses(family))
  }

  /** Calls `listener` when peers see this node at another address. Returns what ends this. */
  onPublicAddress(listener: (addresses: readonly SocketAddress[]) => void): () => void {
    return this.#addressListeners.add(listener)
  }

  /** Nodes of earlier times or from local discovery: contacted, then used. */
  insertNodes(nodes: readonly NodeExport[]): void {
    this.#operations.run((dht, now) => {
      for (const node of nodes) dht.insertNode(node, now)
    })
  }

  /** Nodes that answered lately, those near the own id first. */
  exportNodes(): NodeExport[] {
    return this.#driver.dht.exportNodes(this.#driver.now())
  }

  /** Sets lifetime and policies of a value type on this node. */
  registerType(type: ValueType): void {
    this.#driver.dht.registerType(type)
  }

  /** All stored values, for `importValues`. */
  exportValues(): Uint8Array {
    return this.#driver.dht.exportValues()
  }

  /** Stores exported values until they expire. What cannot be read is skipped. */
  importValues(bytes: Uint8Array): ImportResult {
    return this.#operations.run((dht, now) => dht.importValues(new Uint8Array(bytes), now))
  }

  /**
   * With the option `maintainStorage`: hands what is stored for others over to the nodes that are
   * now closest, as before a planned end. Returns the number of values; takes a few seconds.
   */
  announceStorage(): number {
    return this.#operations.run((dht, now) => dht.announceStorage(now))
  }

  protected override async shutDown(): Promise<void> {
    this.#bootstrapper.close()
    const discoveryClosed = this.#discovery?.close()
    this.#state?.stop()
    const { dht } = this.#driver
    const lastState = this.#state && dht.exportState(this.#driver.now())
    await super.shutDown()
    this.#proxySwitch.close()
    this.#engine.close()
    this.#driver.stop()
    this.#addressListeners.close()
    await Promise.all(this.#transports.map((transport) => transport.close()))
    await discoveryClosed
    if (lastState !== undefined) await this.#state!.finish(lastState)
  }

  #onEvents(events: readonly DhtEvent[]): void {
    this.#engine.dispatch(events)
    for (const event of events) {
      if (event.kind === 'bootstrap-wanted') void this.#bootstrapper.run()
      else if (event.kind === 'public-address') {
        this.#addressListeners.notify(this.#withPorts(event.addresses))
      } else if (event.kind === 'status') this.#onStatus(event)
    }
  }

  async #restoreState(intervalMs: number): Promise<void> {
    if (this.#state === undefined) return
    const { dht } = this.#driver
    const { bytes } = this.#state
    if (bytes !== undefined) dht.importState(bytes, this.#driver.now())
    await this.#state.writePorts({ port4: this.port4, port6: this.port6 })
    this.#state.start(() => dht.exportState(this.#driver.now()), intervalMs)
  }

  async #startDiscovery(options: DhtDiscoveryOptions, log: Log | undefined): Promise<void> {
    const { id, network, clientMode } = this.#driver.dht.config
    const node = {
      id,
      network,
      addresses: this.addresses,
      onFound: (found: NodeExport, zone: string | undefined): void => {
        if (zone !== undefined) this.#learnZone(found.address, zone)
        this.insertNodes([found])
      },
    }
    const { startDhtDiscovery } = await import('./discovery/dht-discovery.ts')
    this.#discovery = await startDhtDiscovery(node, { ...options, clientMode, log })
  }

  /** When all peers are lost, somebody on the local network may know a way back. */
  #onStatus({ ipv4, ipv6 }: { ipv4: NodeStatus; ipv6: NodeStatus }): void {
    if (ipv4 === 'connected' || ipv6 === 'connected') this.#wasConnected = true
    if (!this.#wasConnected || ipv4 !== 'disconnected' || ipv6 !== 'disconnected') return
    this.#wasConnected = false
    this.#discovery?.connectivityChanged()
  }

  get #operations(): Operations {
    return this.#engine.operations
  }

  #learnZone(address: SocketAddress, zone: string): void {
    for (const transport of this.#transports) {
      if (transport.family === address.family) transport.learnZone?.(address, zone)
    }
  }

  /** Unless there is nothing that the engine would do with the addresses. */
  #expectBootstrap(): void {
    const { ipv4, ipv6 } = this.status()
    const isNeeded = this.#transports.some(
      ({ family }) => (family === 4 ? ipv4 : ipv6) !== 'connected',
    )
    if (isNeeded) this.#operations.run((dht, now) => dht.expectBootstrap(now))
  }

  #portOf(family: Family): number | undefined {
    return this.#transports.find((transport) => transport.family === family)?.address.port
  }

  #withPorts(addresses: readonly SocketAddress[]): SocketAddress[] {
    return addresses.map((address) => address.withPort(this.#portOf(address.family) ?? 0))
  }
}

/** Most nodes have none, and files take time to load. */
async function loadState(path: string, log: Log | undefined): Promise<SavedState> {
  const { SavedState } = await import('./saved-state.ts')
  return SavedState.load(path, log)
}
