// SPDX-License-Identifier: MIT
// Wires the parts of one node together: network engine, families, storage, operations, maintenance.
// `Dht` is its public face. Everything that one part has to tell another passes through here.

import { Bootstrap, type BootstrapHost } from './bootstrap.ts'
import type { ResolvedConfig } from './config.ts'
import { PEER_SIGNATURE_SHARE, SIGNATURE_SHARE } from './constants.ts'
import type { DhtEvent, NodeExport, NodeStatus, OperationId, Outcome } from './events.ts'
import { FamilyState } from './family-state.ts'
import type { InfoHash } from './id/info-hash.ts'
import type { Family, SocketAddress } from './id/socket-address.ts'
import { NetworkEngine, type NetworkObserver } from './net/network-engine.ts'
import type { Node } from './net/node.ts'
import { Outbox } from './net/outbox.ts'
import { RateLimiter } from './net/rate-limiter.ts'
import { QuietHandler, type Request } from './net/request.ts'
import { Operations } from './operations/operations.ts'
import type { DhtPorts, Random } from './ports.ts'
import { ReadinessWatch } from './readiness.ts'
import { Maintenance, type MaintenanceHost } from './routing/maintenance.ts'
import { ListenerUpdates } from './rpc/listener-updates.ts'
import { RequestServer } from './rpc/request-server.ts'
import { ListenSockets } from './search/listen-sockets.ts'
import { type PoolHost, SearchPool } from './search/search-pool.ts'
import type { KeyStorage } from './storage/key-storage.ts'
import { Listeners } from './storage/listeners.ts'
import { Storage } from './storage/storage.ts'
import { type MaintenanceActions, StorageMaintenance } from './storage/storage-maintenance.ts'
import type { StorageObserver } from './storage/storage-types.ts'
import type { StoredValue } from './storage/stored-value.ts'
import { TimerWheel } from './util/timer-wheel.ts'
import { defaultTypes } from './value/default-types.ts'
import { TypeStore } from './value/type-store.ts'
import type { Value, ValueId } from './value/value.ts'
import type { Message } from './wire/message.ts'

/** Listed nodes that are pinged at once for a place in the routing table. */
const MAX_VERIFICATIONS = 8

export class NodeCore
  implements
    NetworkObserver,
    StorageObserver,
    PoolHost,
    BootstrapHost,
    MaintenanceHost,
    MaintenanceActions
{
  readonly config: ResolvedConfig
  readonly wheel: TimerWheel
  readonly net: NetworkEngine
  readonly types: TypeStore
  readonly storage: Storage
  readonly listeners: Listeners
  readonly updates: ListenerUpdates
  readonly sockets: ListenSockets
  readonly families: readonly FamilyState[]
  readonly operations: Operations
  readonly bootstrap: Bootstrap
  readonly server: RequestServer
  readonly maintenance: Maintenance
  readonly storageMaintenance: StorageMaintenance
  readonly readiness: ReadinessWatch
  events: DhtEvent[] = []
  /** Pings of the user that wait for an answer. */
  readonly pings = new Set<PingHandler>()
  /** Wall time minus the engine's time. */
  wallOffsetMs = 0
  readonly #random: Random
  /** A node appeared, replied or went: statuses have to be computed again. */
  #isStatusDirty = true
  #isClosed = false

  constructor(config: ResolvedConfig, ports: DhtPorts, now: number) {
    this.config = config
    this.#random = ports.random.fork('values')
    this.wheel = new TimerWheel(now)
    const { wheel } = this
    const outbox = ports.outbox ?? new Outbox()
    this.net = new NetworkEngine({ config, ports, wheel, outbox, observer: this, now })
    this.types = new TypeStore(defaultTypes(ports))
    const { types } = this
    this.storage = new Storage({
      types,
      wheel,
      random: ports.random.fork('storage'),
      observer: this,
      limits: {
        maxBytes: config.maxStorageBytes,
        maxLocalBytes: config.maxLocalStorageBytes,
        maxKeys: config.maxStorageKeys,
      },
      signatureChecks: signatureChecks(config, ports.random.fork('checks')),
    })
    this.listeners = new Listeners(this.storage, wheel, { total: config.maxListeners })
    this.updates = new ListenerUpdates(this.net)
    this.sockets = new ListenSockets(ports.random.fork('sockets'))
    const seeds = ports.random.fork('searches')
    this.families = config.families.map((family) => this.#makeFamily(family, seeds))
    this.server = new RequestServer(this)
    this.operations = new Operations(this, ports.random.fork('operations'))
    this.bootstrap = new Bootstrap(this, ports.random.fork('bootstrap'))
    this.maintenance = new Maintenance(this, ports.random.fork('maintenance'), now)
    this.storageMaintenance = new StorageMaintenance(this.storage, wheel, this)
    this.readiness = new ReadinessWatch(wheel, this.families)
  }

  family(family: Family): FamilyState | undefined {
    return this.families.find((own) => own.family === family)
  }

  table(family: Family) {
    return this.family(family)?.table
  }

  wallMs(now: number): number {
    return now + this.wallOffsetMs
  }

  lifetimeMs(typeId: number): number {
    return this.types.get(typeId).lifetimeMs
  }

  takeEvents(): DhtEvent[] {
    const { events } = this
    if (events.length === 0) return NO_EVENTS
    return events.splice(0, events.length)
  }

  randomValueId(): ValueId {
    for (;;) {
      const id = (BigInt(this.#random.uint32()) << 32n) | BigInt(this.#random.uint32())
      if (id !== 0n) return id
    }
  }

  status(): { ipv4: NodeStatus; ipv6: NodeStatus } {
    return {
      ipv4: this.family(4)?.status ?? 'disconnected',
      ipv6: this.family(6)?.status ?? 'disconnected',
    }
  }

  /** Brings statuses up to date, and what hangs on them: bootstrap, searches that wait. */
  settleStatus(now: number): void {
    if (!this.#isStatusDirty || this.#isClosed) return
    this.#isStatusDirty = false
    const changed: FamilyState[] = []
    for (const family of this.families) {
      const status = family.computeStatus(this.bootstrap.hasPendingNames, now)
      if (status === family.status) continue
      changed.push(family)
      if (family.status === 'connected') {
        family.lostAt = now
        this.maintenance.hurry(now)
        // The pauses have grown if the other family has been looking for somebody all the time.
        this.bootstrap.restart(now)
      }
      if (status === 'connected') family.onConnected(now)
      family.status = status
    }
    if (changed.length > 0) {
      // First the cause, then what comes of it: operations that end, or go on.
      this.events.push({ kind: 'status', ...this.status() })
      for (const family of changed) {
        if (family.status === 'connected') this.maintenance.explore(family, now)
      }
      // Of all families: once one is connected, nobody waits for the other.
      for (const { searches } of this.families) searches.wakeWaiting(now)
    }
    this.bootstrap.onStatus(now)
  }

  ping(address: SocketAddress, now: number): OperationId {
    const operation = this.operations.newId()
    const handler = new PingHandler(this, operation)
    if (!this.bootstrap.ping(address, handler, now)) handler.onExpired()
    return operation
  }

  insertNode({ id, address }: NodeExport, now: number): void {
    const family = this.family(address.family)
    if (family === undefined || address.isMartian || id.isZero || id.equals(this.config.id)) return
    family.verify(this.net.cache(address.family).learn(id, address, now), now)
  }

  connectivityChanged(now: number, only?: Family): void {
    for (const family of this.families) {
      if (only !== undefined && family.family !== only) continue
      for (const node of this.net.cache(family.family)) node.forget()
      family.table.forget()
      family.forgetReports()
    }
    this.#isStatusDirty = true
    this.maintenance.hurry(now)
    this.settleStatus(now)
    this.bootstrap.restart(now)
  }

  /** The network refuses to carry datagrams to this address. */
  onSendFailed(to: SocketAddress, now: number): void {
    const family = this.family(to.family)
    if (family !== undefined) family.sendFailedAt = now
    this.net.requests.sendFailed(to, now)
  }

  announceStorage(now: number): number {
    if (this.#isClosed || !this.config.maintainStorage) return 0
    return this.storageMaintenance.announceAll(now)
  }

  close(): void {
    this.maintenance.close()
    this.bootstrap.close()
    this.readiness.close()
    this.operations.closeAll()
    for (const ping of [...this.pings]) ping.end('closed')
    this.#isClosed = true
  }

  // What the network engine reports.

  onActivity(node: Node, replied: boolean, now: number): void {
    const family = this.family(node.family)
    if (family === undefined) return
    if (replied && family.status !== 'connected') this.#isStatusDirty = true
    const isBack = family.onActivity(node, replied, now)
    if (isBack && family.status === 'connected') this.maintenance.onReturn(family, now)
  }

  onRequest(message: Message, node: Node, from: SocketAddress, now: number): void {
    this.server.handle(message, node, from, now)
  }

  expectsValues(message: Message, from: SocketAddress): boolean {
    return this.server.expectsValues(message, from)
  }

  onReport(ip: SocketAddress, reporter: SocketAddress, _now: number): void {
    const hasChanged = this.family(ip.family)?.onReport(ip, reporter) ?? false
    if (!hasChanged) return
    const addresses = this.families.flatMap((family) => family.publicAddresses.slice(0, 1))
    this.events.push({ kind: 'public-address', addresses })
  }

  onNodeExpired(node: Node, now: number): void {
    this.family(node.family)?.onExpired(node, now)
    this.#isStatusDirty = true
    this.maintenance.hurry(now)
  }

  // What the storage reports.

  onStored(key: KeyStorage, stored: StoredValue, _isNew: boolean, now: number): void {
    this.updates.onStored(key, stored, now)
    this.operations.onStored(key, () => stored.value)
    if (this.config.maintainStorage) this.storageMaintenance.watch(key, now)
  }

  onRefreshed(key: KeyStorage, stored: StoredValue, now: number): void {
    if (key.listeners.length > 0) this.updates.onRefreshed(key, stored.id, now)
  }

  onRemoved(key: KeyStorage, stored: StoredValue, _reason: string, now: number): void {
    if (key.listeners.length > 0) this.updates.onRemoved(key, stored.id, now)
    this.operations.onRemoved(key, () => stored.value)
    this.storageMaintenance.unwatchIfEmpty(key)
  }

  // What searches, bootstrap and maintenance need.

  isConnecting(family: Family): boolean {
    // While the other family is in the network nothing is gained by waiting for this one.
    if (this.families.some(({ status }) => status === 'connected')) return false
    return this.family(family)?.hasProspects(this.bootstrap.hasPendingNames) ?? false
  }

  connectedAt(family: Family): number {
    return this.family(family)?.connectedAt ?? Number.NEGATIVE_INFINITY
  }

  onListed(family: Family, nodes: readonly Node[], now: number): void {
    const own = this.family(family)
    if (own === undefined) return
    let left = MAX_VERIFICATIONS
    for (const node of nodes) {
      if (node.isInTable || left === 0) continue
      own.verify(node, now)
      left--
    }
  }

  onLost(_family: Family, now: number): void {
    this.#isStatusDirty = true
    this.maintenance.hurry(now)
  }

  onPingEnded(_family: FamilyState, _now: number): void {
    this.#isStatusDirty = true
  }

  onMaintained(): void {
    this.#isStatusDirty = true
  }

  isOutranked(key: InfoHash, count: number, now: number): boolean {
    const connected = this.families.filter(({ status }) => status === 'connected')
    return (
      connected.length > 0 &&
      connected.every(({ table }) => {
        const farthest = table.closestGood(key, count, now)[count - 1]
        return farthest !== undefined && key.compareDistance(farthest.id, this.config.id) < 0
      })
    )
  }

  announce(key: InfoHash, value: Value, createdAt: number, now: number): void {
    const created = Math.floor(this.wallMs(createdAt) / 1000)
    const options = { permanent: false, created, isNew: false }
    for (const { searches } of this.families) {
      searches.obtain(key, now)?.put(value, options, NOBODY, now)
    }
  }

  #makeFamily(family: Family, seeds: Random): FamilyState {
    const { net, sockets } = this
    const searches = new SearchPool({ family, net, sockets, host: this, seed: seeds.uint32() })
    return new FamilyState(family, net, searches)
  }
}

const NO_EVENTS: DhtEvent[] = []

/** Signatures cost more than requests: fewer of them are checked in a second. */
function signatureChecks(config: ResolvedConfig, random: Random): RateLimiter {
  const part = (limit: number, share: number): number => (limit < 0 ? -1 : Math.ceil(limit * share))
  return new RateLimiter({
    seed: random.uint32(),
    requestsPerSecond: part(config.maxRequestsPerSecond, SIGNATURE_SHARE),
    peerRequestsPerSecond: part(config.maxPeerRequestsPerSecond, PEER_SIGNATURE_SHARE),
  })
}

/** Nobody waits for values that are handed over. */
const NOBODY = { onFamilyDone(): void {} }

class PingHandler extends QuietHandler {
  readonly #core: NodeCore
  readonly #operation: OperationId

  constructor(core: NodeCore, operation: OperationId) {
    super()
    this.#core = core
    this.#operation = operation
    core.pings.add(this)
  }

  override onReply({ node }: Request): void {
    this.end('ok', node === undefined ? [] : [{ id: node.id, address: node.address }])
  }

  override onError(): void {
    this.end('failed')
  }

  override onExpired(): void {
    this.end('failed')
  }

  end(outcome: Outcome, nodes: readonly NodeExport[] = []): void {
    const { events, pings } = this.#core
    if (pings.delete(this)) {
      events.push({ kind: 'done', operation: this.#operation, outcome, nodes })
    }
  }
}
