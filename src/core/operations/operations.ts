// SPDX-License-Identifier: MIT
// Gets, queries, listens and puts of the user: starts them in the searches of all families, keeps
// them by id, and feeds them what changes in the own store.

import type { DhtEvent, OperationId, Outcome } from '../events.ts'
import { IdMap } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { Random } from '../ports.ts'
import type { SearchPool } from '../search/search-pool.ts'
import type { KeyStorage } from '../storage/key-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { NumberMap } from '../util/number-map.ts'
import type { TimerWheel } from '../util/timer-wheel.ts'
import { FieldValueIndex } from '../value/field-value-index.ts'
import type { Query } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import { GetOperation } from './get-operation.ts'
import { ListenOperation } from './listen-operation.ts'
import { PutOperation } from './put-operation.ts'
import { type SharedOperation, SilentFamilies } from './silent-families.ts'

/** Own puts and listens under one key. */
class OwnKey {
  readonly id: InfoHash
  readonly puts = new Map<ValueId, PutOperation>()
  readonly listens = new Set<ListenOperation>()

  constructor(id: InfoHash) {
    this.id = id
  }

  get isEmpty(): boolean {
    return this.puts.size === 0 && this.listens.size === 0
  }
}

export interface OperationsFamily {
  readonly family: Family
  readonly searches: SearchPool
  /** When any node of it was last heard. */
  readonly lastHeardAt: number
  /** How long an answer usually takes, at most. */
  readonly usualWaitMs: number
}

export interface OperationsHost {
  readonly events: DhtEvent[]
  readonly storage: Storage
  readonly families: readonly OperationsFamily[]
  readonly wheel: TimerWheel
  /** Wall time in milliseconds of an instant of the engine's clock. */
  wallMs(now: number): number
}

export interface PutTerms {
  /** Renew it until it is cancelled. */
  readonly permanent: boolean
  /** When it was made, engine clock; later than now counts as now. */
  readonly createdAt: number
}

export class Operations {
  readonly #host: OperationsHost
  readonly #byKey: IdMap<OwnKey>
  readonly #gets = new NumberMap<GetOperation>()
  readonly #listens = new Map<OperationId, ListenOperation>()
  readonly #silent: SilentFamilies
  #lastId: OperationId = 0

  constructor(host: OperationsHost, random: Random) {
    this.#host = host
    const find = (name: Family) => host.families.find(({ family }) => family === name)!
    this.#silent = new SilentFamilies({
      wheel: host.wheel,
      lastHeardAt: (family) => find(family).lastHeardAt,
      usualWaitMs: (family) => find(family).usualWaitMs,
      giveUp: (operation, family, now) => this.#giveUp(operation, find(family), now),
    })
    this.#byKey = new IdMap(random.uint32())
  }

  get count(): number {
    let puts = 0
    for (const own of this.#byKey) puts += own.puts.size
    return puts + this.#gets.size + this.#listens.size
  }

  newId(): OperationId {
    return ++this.#lastId
  }

  get(key: InfoHash, query: Query, now: number): OperationId {
    const operation = new GetOperation({
      id: this.newId(),
      key,
      query,
      startedAt: now,
      families: this.#familyNames,
      events: this.#host.events,
      onDone: (done) => {
        this.#gets.delete(done.id)
        this.#silent.forget(done)
      },
      onLagging: (operation) => this.#silent.onLagging(operation),
    })
    this.#gets.set(operation.id, operation)
    const local = this.local(key, query)
    if (query.select.isEmpty) operation.onValues(local)
    else operation.onFields(local.map((value) => FieldValueIndex.of(value, query.select)))
    for (const { family, searches } of this.#host.families) {
      const search = searches.obtain(key, now)
      if (search === undefined) {
        operation.onFamilyDone(family, 'limit', [])
        continue
      }
      const listened = query.select.isEmpty ? search.listened(query, now) : undefined
      if (listened === undefined) {
        search.get(query, operation, now)
      } else {
        // A listen in step knows all that the closest nodes hold: no packet is needed.
        operation.onValues(listened)
        operation.onFamilyDone(family, 'ok', search.closest)
      }
    }
    return operation.id
  }

  listen(key: InfoHash, query: Query, now: number): OperationId {
    const { events } = this.#host
    const operation = new ListenOperation({ id: this.newId(), key, query, events })
    let started = 0
    operation.onStored(this.local(key, query))
    for (const { searches } of this.#host.families) {
      const search = searches.obtain(key, now)
      if (search === undefined) continue
      started++
      search.listen(query, operation, now)
    }
    if (started === 0) {
      events.push({ kind: 'done', operation: operation.id, outcome: 'limit', nodes: [] })
      return operation.id
    }
    this.#listens.set(operation.id, operation)
    this.#own(key).listens.add(operation)
    return operation.id
  }

  put(key: InfoHash, value: Value, terms: PutTerms, now: number): OperationId {
    const id = this.newId()
    const earlier = this.#byKey.get(key)?.puts.get(value.id)
    const { permanent, createdAt } = terms
    if (earlier !== undefined && isContinuedBy(earlier, value, permanent)) {
      earlier.join(id)
      return id
    }
    if (!this.#storeOwn(key, value, terms, now)) {
      this.#host.events.push({ kind: 'done', operation: id, outcome: 'limit', nodes: [] })
      return id
    }
    if (earlier !== undefined) this.#endPut(this.#own(key), earlier, 'replaced')
    // Only now: the entry of a key goes with its last operation.
    const own = this.#own(key)
    const operation = new PutOperation({
      key,
      value,
      permanent,
      startedAt: now,
      families: this.#familyNames,
      events: this.#host.events,
      onLagging: (lagging) => this.#silent.onLagging(lagging),
      onDone: (done) => {
        this.#silent.forget(done)
        if (!done.isPermanent || done.outcome === 'limit') this.#forgetPut(own, done)
      },
    })
    own.puts.set(value.id, operation)
    operation.join(id)
    // The field is unsigned: whatever is older than the epoch is as old as that.
    const created = Math.max(0, Math.floor(this.#host.wallMs(createdAt) / 1000))
    const options = { permanent, created, isNew: createdAt >= now }
    for (const { family, searches } of this.#host.families) {
      const search = searches.obtain(key, now)
      if (search === undefined) operation.onFamilyDone(family, 'limit', [])
      else search.put(value, options, operation, now)
    }
    return id
  }

  /** Ends a get or a listen; no further events come of it. */
  cancel(id: OperationId, now: number): void {
    const get = this.#gets.get(id)
    if (get !== undefined) {
      this.#gets.delete(id)
      this.#silent.forget(get)
      for (const { searches } of this.#host.families) {
        const search = searches.find(get.key)
        search?.cancelGet(get)
        search?.step(now)
      }
    }
    const listen = this.#listens.get(id)
    if (listen === undefined) return
    this.#listens.delete(id)
    const own = this.#own(listen.key)
    own.listens.delete(listen)
    this.#release(own)
    for (const { searches } of this.#host.families) {
      searches.find(listen.key)?.cancelListen(listen, now)
    }
  }

  /** Stops announcing a value and drops the own copy. False when there was no such put. */
  cancelPut(key: InfoHash, valueId: ValueId, now: number): boolean {
    const own = this.#byKey.get(key)
    const operation = own?.puts.get(valueId)
    if (own === undefined || operation === undefined) return false
    this.#endPut(own, operation, 'replaced')
    for (const { searches } of this.#host.families) searches.find(key)?.step(now)
    this.#host.storage.remove(key, valueId, now)
    return true
  }

  /** Values that are being put under `key`. */
  pendingPuts(key: InfoHash): Value[] {
    const own = this.#byKey.get(key)
    return own === undefined ? [] : [...own.puts.values()].map(({ value }) => value)
  }

  permanentPuts(): { key: InfoHash; value: Value }[] {
    const puts = [...this.#byKey].flatMap((own) => [...own.puts.values()])
    return puts.filter(({ isPermanent }) => isPermanent).map(({ key, value }) => ({ key, value }))
  }

  listenedValues(operation: OperationId): Value[] {
    return [...(this.#listens.get(operation)?.values() ?? [])]
  }

  /** Values in the own store that match. */
  local(key: InfoHash, query: Query): Value[] {
    const stored = this.#host.storage.find(key)
    return stored === undefined ? [] : stored.select(query).map(({ value }) => value)
  }

  /** The own store got a value: local listeners hear of it. */
  onStored(key: KeyStorage, makeValue: () => Value): void {
    const own = this.#byKey.get(key.id)
    if (own === undefined || own.listens.size === 0) return
    const values = [makeValue()]
    for (const listen of own.listens) listen.onStored(values)
  }

  onRemoved(key: KeyStorage, makeValue: () => Value): void {
    const own = this.#byKey.get(key.id)
    if (own === undefined || own.listens.size === 0) return
    const value = makeValue()
    for (const listen of own.listens) listen.onRemoved(value)
  }

  /** Local listeners of a key. */
  listenersOf(key: InfoHash): number {
    return this.#byKey.get(key)?.listens.size ?? 0
  }

  /** Ends everything; every get, put and listen hears `closed`. */
  closeAll(): void {
    for (const { searches } of this.#host.families) searches.closeAll()
    for (const own of [...this.#byKey]) {
      for (const put of [...own.puts.values()]) this.#endPut(own, put, 'closed')
    }
    for (const { id: operation } of this.#listens.values()) {
      this.#host.events.push({ kind: 'done', operation, outcome: 'closed', nodes: [] })
    }
    this.#listens.clear()
    this.#silent.close()
  }

  #giveUp(operation: SharedOperation, { family, searches }: OperationsFamily, now: number): void {
    if (operation instanceof PutOperation) operation.giveUp(family)
    if (!(operation instanceof GetOperation)) return
    const search = searches.find(operation.key)
    search?.cancelGet(operation)
    operation.giveUp(family)
    search?.step(now)
  }

  get #familyNames(): Family[] {
    return this.#host.families.map(({ family }) => family)
  }

  /** False when there is no room for it; other reasons not to keep it do not keep it from peers. */
  #storeOwn(key: InfoHash, value: Value, terms: PutTerms, now: number): boolean {
    const { storage } = this.#host
    const { local } = storage.stats.refused
    storage.putLocal(key, value, { ...terms, now })
    return storage.stats.refused.local === local
  }

  #own(key: InfoHash): OwnKey {
    let own = this.#byKey.get(key)
    if (own === undefined) {
      own = new OwnKey(key)
      this.#byKey.set(own)
    }
    return own
  }

  #release(own: OwnKey): void {
    if (own.isEmpty) this.#byKey.delete(own.id)
  }

  #endPut(own: OwnKey, operation: PutOperation, outcome: Outcome): void {
    this.#forgetPut(own, operation)
    operation.end(outcome)
    this.#silent.forget(operation)
    for (const { searches } of this.#host.families) {
      searches.find(operation.key)?.cancelPut(operation.value.id)
    }
  }

  #forgetPut(own: OwnKey, operation: PutOperation): void {
    if (own.puts.get(operation.value.id) === operation) own.puts.delete(operation.value.id)
    this.#release(own)
  }
}

/** The announcement that is going on, or that succeeded, does for this put as well. */
function isContinuedBy(earlier: PutOperation, value: Value, permanent: boolean): boolean {
  if (earlier.isPermanent !== permanent || !earlier.value.contentEquals(value)) return false
  return !earlier.isDone || earlier.outcome === 'ok'
}
