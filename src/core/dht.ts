// SPDX-License-Identifier: MIT
// The engine of one node, as its drivers see it (UDP runner, simulator, fuzzer). Sans IO and
// deterministic: datagrams, addresses and time come in as arguments, datagrams leave through the
// outbox, events through a queue. After every call a driver sends the outbox, takes the events and
// arms one timer at `nextWakeup`. Times are whole milliseconds of a clock that never goes back.

import { type DhtConfig, type ResolvedConfig, resolveConfig } from './config.ts'
import type { DhtEvent, NodeExport, NodeStatus, OperationId } from './events.ts'
import { InfoHash } from './id/info-hash.ts'
import type { Family, SocketAddress } from './id/socket-address.ts'
import type { Outbox } from './net/outbox.ts'
import { NodeCore } from './node-core.ts'
import type { DhtPorts } from './ports.ts'
import type { Readiness } from './readiness.ts'
import * as snapshots from './snapshots.ts'
import { packState, packValues, unpackState, unpackValues } from './storage/state.ts'
import { exportValues, type ImportResult, importValues } from './storage/value-transfer.ts'
import { QUERY_ALL, Query } from './value/query.ts'
import { MAX_VALUE_ID, Value, type ValueId } from './value/value.ts'
import { checkValueSize } from './value/value-size.ts'
import type { ValueType } from './value/value-type.ts'

/** What `put` of the engine takes. */
export interface PutOptions {
  /** Renew the value until `cancelPut`; default false. */
  permanent?: boolean | undefined
  /** When the value was made, wall time in ms since the epoch; later than now counts as now. */
  createdMs?: number | undefined
}

export class Dht {
  readonly #core: NodeCore
  #isClosed = false

  /** Throws TypeError or RangeError naming the wrong field of `config`. */
  constructor(config: DhtConfig, ports: DhtPorts, now: number) {
    this.#core = new NodeCore(resolveConfig(config, ports.random.fork('id')), ports, now)
  }

  get id(): InfoHash {
    return this.config.id
  }

  get config(): ResolvedConfig {
    return this.#core.config
  }

  /** Datagrams to send. */
  get outbox(): Outbox {
    return this.#core.net.outbox
  }

  /** One datagram: a view that is valid during the call only. Never throws, whatever the bytes. */
  receive(datagram: Uint8Array, from: SocketAddress, now: number): void {
    if (this.#isClosed) return
    this.#core.net.receive(datagram, from, now)
    this.#core.settleStatus(now)
  }

  /** Does everything that is due at or before `now`. */
  advance(now: number): void {
    if (this.#isClosed) return
    this.#core.wheel.advance(now)
    this.#core.settleStatus(now)
  }

  /** When `advance` has to be called next; undefined for never. */
  nextWakeup(): number | undefined {
    return this.#isClosed ? undefined : this.#core.wheel.nextWakeup()
  }

  /** Everything that happened since the last call. */
  takeEvents(): DhtEvent[] {
    return this.#core.takeEvents()
  }

  /** Wall time is the engine's time plus `offsetMs`; creation times and state files need it. */
  syncWallClock(offsetMs: number): void {
    this.#core.wallOffsetMs = offsetMs
  }

  /**
   * Looks for values under `key`: `values` events, or `fields` events when the query selects
   * fields, then one `done`.
   */
  startGet(key: InfoHash, query: Query, now: number): OperationId {
    checkKey(key)
    checkQuery(query)
    if (this.#isClosed) return this.#refuse()
    return this.#core.operations.get(key, query, now)
  }

  /**
   * Follows the values under `key`: `values` events until it is cancelled. The select is ignored.
   */
  startListen(key: InfoHash, query: Query, now: number): OperationId {
    checkKey(key)
    checkQuery(query)
    if (this.#isClosed) return this.#refuse()
    const whole = query.select.isEmpty ? query : new Query(QUERY_ALL.select, query.where)
    return this.#core.operations.listen(key, whole, now)
  }

  /**
   * Stores `value` here and on the nodes closest to `key`; one `done`. An id of 0 is replaced by a
   * random one: the value returned is what was put. Throws RangeError for a value that is too
   * large.
   */
  startPut(
    key: InfoHash,
    value: Value,
    options: PutOptions,
    now: number,
  ): { operation: OperationId; value: Value } {
    checkKey(key)
    checkValue(value)
    const { permanent = false, createdMs } = options
    if (Number.isNaN(createdMs)) throw new RangeError('createdMs must be a time: got NaN')
    const identified = value.id === 0n ? value.withId(this.#core.randomValueId()) : value
    if (this.#isClosed) return { operation: this.#refuse(), value: identified }
    const createdAt = Math.min(now, (createdMs ?? Number.MAX_VALUE) - this.#core.wallOffsetMs)
    const terms = { permanent, createdAt }
    const operation = this.#core.operations.put(key, identified, terms, now)
    return { operation, value: identified }
  }

  /** Ends a get or listen without further events. Unknown ids are ignored. */
  cancel(operation: OperationId, now: number): void {
    if (!this.#isClosed) this.#core.operations.cancel(operation, now)
  }

  /**
   * Stops announcing a value and drops the own copy; copies elsewhere expire by themselves. False
   * when no such put is going on.
   */
  cancelPut(key: InfoHash, valueId: ValueId, now: number): boolean {
    return !this.#isClosed && this.#core.operations.cancelPut(key, valueId, now)
  }

  /** Values that are being announced under `key`, permanent ones for as long as they are. */
  pendingPuts(key: InfoHash): Value[] {
    return this.#core.operations.pendingPuts(key)
  }

  /** All permanent puts that were not cancelled. */
  permanentPuts(): { key: InfoHash; value: Value }[] {
    return this.#core.operations.permanentPuts()
  }

  /** What a listen reported last of each value that has not expired; none of an unknown listen. */
  listenedValues(operation: OperationId): Value[] {
    return this.#core.operations.listenedValues(operation)
  }

  /** Values in the own store. */
  localValues(key: InfoHash, query: Query = QUERY_ALL): Value[] {
    return this.#core.operations.local(key, query)
  }

  /** Pings addresses to get into the network; those of connected families are left alone. */
  bootstrap(addresses: readonly SocketAddress[], now: number): void {
    if (!this.#isClosed) this.#core.bootstrap.contact(addresses, now)
    this.#core.settleStatus(now)
  }

  /**
   * The driver is going to resolve names: the node counts as connecting until it handed them in.
   */
  expectBootstrap(now: number): void {
    if (this.#isClosed) return
    this.#core.bootstrap.hasPendingNames = true
    this.#core.bootstrap.restart(now)
    this.#core.settleStatus(now)
  }

  /** Asks an address whether a node lives there; `done` with `ok` or `failed`. */
  ping(address: SocketAddress, now: number): OperationId {
    if (this.#isClosed) return this.#refuse()
    return this.#core.ping(address, now)
  }

  /** A node from an export or from local discovery: pinged, then used. */
  insertNode(node: NodeExport, now: number): void {
    if (!this.#isClosed) this.#core.insertNode(node, now)
  }

  /** Our address may have changed: nothing that is known counts as proved any more. */
  connectivityChanged(now: number, family?: Family): void {
    if (!this.#isClosed) this.#core.connectivityChanged(now, family)
  }

  /** Adds a value type, or replaces one. Throws RangeError for an id that no value can have. */
  registerType(type: ValueType): void {
    this.#core.types.register(type)
  }

  /** The network refuses to carry datagrams to this address. */
  sendFailed(to: SocketAddress, now: number): void {
    if (this.#isClosed) return
    this.#core.onSendFailed(to, now)
  }

  status(): { ipv4: NodeStatus; ipv6: NodeStatus } {
    return this.#core.status()
  }

  /**
   * Whether operations can succeed, and why not. Being asked makes the node look after its
   * connection for a minute: whoever asks at least that often hears of a cut within 15 s.
   */
  readiness(now: number): Readiness {
    return this.#core.readiness.read(now)
  }

  /** Our addresses as peers see them, most reported first; port 0. */
  publicAddresses(family?: Family): SocketAddress[] {
    return this.#core.families
      .filter((own) => family === undefined || own.family === family)
      .flatMap((own) => own.publicAddresses)
  }

  /** Good nodes, those near the own id first. */
  exportNodes(now: number): NodeExport[] {
    return snapshots.exportNodes(this.#core, now)
  }

  /** Stored values as bytes that `importValues` of any node reads. */
  exportValues(): Uint8Array {
    return packValues(exportValues(this.#core.storage, this.#transfer))
  }

  /** Never throws for what the bytes hold. */
  importValues(bytes: Uint8Array, now: number): ImportResult {
    return importValues(this.#core.storage, unpackValues(bytes), { ...this.#transfer, now })
  }

  /** Id, good nodes and values: the contents of a state file. */
  exportState(now: number): Uint8Array {
    const nodes = this.exportNodes(now)
    return packState({
      id: this.id,
      nodes,
      values: exportValues(this.#core.storage, this.#transfer),
    })
  }

  /** Takes nodes and values of a state over. Throws WireError when the bytes are no state. */
  importState(bytes: Uint8Array, now: number): ImportResult {
    const state = unpackState(bytes)
    for (const node of state.nodes) this.insertNode(node, now)
    return importValues(this.#core.storage, state.values, { ...this.#transfer, now })
  }

  stats(now: number): snapshots.DhtStats {
    return snapshots.stats(this.#core, now)
  }

  routingTable(family: Family, now: number): snapshots.RoutingTableSnapshot {
    return snapshots.routingTable(this.#core, family, now)
  }

  /** Of one key, or of all. */
  searches(family: Family, now: number, key?: InfoHash): snapshots.SearchSnapshot[] {
    return snapshots.searches(this.#core, family, now, key)
  }

  storageKeys(): snapshots.KeySnapshot[] {
    return snapshots.storageKeys(this.#core)
  }

  /** Ages and ends of what is stored under `key`. */
  storedValues(key: InfoHash, now: number): snapshots.StoredSnapshot[] {
    return snapshots.storedValues(this.#core, key, now)
  }

  /** Remote values and their cost per source address. */
  storageSources(): snapshots.SourceSnapshot[] {
    return snapshots.storageSources(this.#core)
  }

  /**
   * With `maintainStorage`: announces everything stored for others. Returns the number of values.
   */
  announceStorage(now: number): number {
    return this.#core.announceStorage(now)
  }

  /** Ends every operation with outcome `closed`; the node is deaf and mute from then on. */
  close(): void {
    if (this.#isClosed) return
    this.#core.close()
    this.#isClosed = true
  }

  get #transfer(): { wallOffsetMs: number } {
    return { wallOffsetMs: this.#core.wallOffsetMs }
  }

  /** An operation that is over before it began. */
  #refuse(): OperationId {
    const operation = this.#core.operations.newId()
    this.#core.events.push({ kind: 'done', operation, outcome: 'closed', nodes: [] })
    return operation
  }
}

function checkKey(key: InfoHash): void {
  if (!(key instanceof InfoHash)) throw new TypeError(`key must be an InfoHash: got ${typeof key}`)
  if (key.isZero) throw new RangeError('key must not be the zero hash')
}

function checkQuery(query: Query): void {
  if (!(query instanceof Query)) throw new TypeError(`query must be a Query: got ${typeof query}`)
}

function checkValue(value: Value): void {
  if (!(value instanceof Value)) throw new TypeError(`value must be a Value: got ${typeof value}`)
  if (value.id < 0n || value.id > MAX_VALUE_ID) {
    throw new RangeError(`value.id must be 0 to 2^64-1: got ${value.id}`)
  }
  if (!Number.isInteger(value.type) || value.type < 0 || value.type > 0xffff) {
    throw new RangeError(`value.type must be a whole number of 0 to 65535: got ${value.type}`)
  }
  checkValueSize(value)
}
