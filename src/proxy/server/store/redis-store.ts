// SPDX-License-Identifier: MIT
// The store that several proxies share. Records are spread over shards, and each shard is leased to
// one proxy, which looks after its records; the others only pass requests on. When a proxy dies,
// its leases end within seconds, and the others take its shards.
//
// While the server cannot be reached nothing is written, but what is looked after goes on to be:
// that two proxies announce the same value for a while is better than that none does.

import { randomUUID } from 'node:crypto'
import type { Log } from '../../../core/ports.ts'
import type { Clock } from './clock.ts'
import {
  newStoreCounters,
  type ProxyStore,
  type RecordHolder,
  type StoreUsage,
} from './proxy-store.ts'
import {
  packRecord,
  type RecordKind,
  recordBytes,
  recordId,
  type StoredRecord,
  twinOf,
  unpackRecord,
} from './records.ts'
import { RedisConnection } from './redis-connection.ts'
import {
  CHANGE_SCRIPT,
  CHANNEL,
  KEYS,
  LEASE_SCRIPT,
  leaseKey,
  RELEASE_SCRIPT,
  SHARDS,
  shardKey,
} from './redis-scripts.ts'

/** Leases are renewed so many times before they end. */
const RENEWALS = 4
/** Records per step when a shard is read. */
const SCAN_COUNT = '500'

export interface RedisStoreOptions {
  readonly clock: Clock
  readonly log: Log | undefined
  /** Until the shards of a dead proxy are free. */
  readonly takeoverMs: number
}

export class RedisStore implements ProxyStore {
  readonly counters = newStoreCounters()
  readonly #proxy = randomUUID()
  readonly #clock: Clock
  readonly #log: Log | undefined
  readonly #leaseMs: number
  #redis!: RedisConnection
  #holder: RecordHolder | undefined
  /** The shards that are ours, and the envelopes of their records as they were handed over. */
  readonly #shards = new Map<number, Map<string, string>>()
  /** Ids that changed while shards are read. */
  #changedMeanwhile: Set<string> | undefined
  #cancelRenewal: (() => void) | undefined
  #renewing: Promise<void> = Promise.resolve()
  #isClosed = false

  static async connect(url: string, options: RedisStoreOptions): Promise<RedisStore> {
    const store = new RedisStore(options)
    store.#redis = await RedisConnection.connect(url, CHANNEL, {
      onMessage: (text) => store.#onMessage(text),
      onLost: (reason) => store.#log?.write('warning', `[proxy] ${reason}`),
      onRestored: () => store.#renewSoon(true),
    })
    return store
  }

  private constructor({ clock, log, takeoverMs }: RedisStoreOptions) {
    this.#clock = clock
    this.#log = log
    this.#leaseMs = takeoverMs
  }

  /** How many shards this proxy looks after. */
  get shards(): number {
    return this.#shards.size
  }

  async open(holder: RecordHolder): Promise<void> {
    this.#holder = holder
    await this.#renew(false)
    this.#armRenewal()
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const envelope = await this.#redis.send('HGET', shardKey(shardOf(id)), id)
    return typeof envelope === 'string' ? this.#recordOf(envelope) : undefined
  }

  write(record: StoredRecord): Promise<void> {
    return this.#change(recordId(record), record, undefined)
  }

  remove(id: string): Promise<void> {
    return this.#change(id, undefined, undefined)
  }

  replace(held: StoredRecord, next: StoredRecord | undefined): Promise<void> {
    return this.#change(recordId(held), next, held)
  }

  async findTwin(twin: string): Promise<string | undefined> {
    const id = await this.#redis.send('HGET', KEYS.twins, twin)
    return typeof id === 'string' ? id : undefined
  }

  async usage(kind: RecordKind, address: string): Promise<StoreUsage> {
    const fields = [`${kind} records`, `${kind} bytes`, `${kind} of ${address}`]
    const sums = (await this.#redis.send('HMGET', KEYS.usage, ...fields)) as (string | null)[]
    const [records = 0, bytes = 0, ofAddress = 0] = sums.map(Number)
    return { records, bytes, ofAddress }
  }

  async note(name: string): Promise<string | undefined> {
    const text = await this.#redis.send('HGET', KEYS.notes, name)
    return typeof text === 'string' ? text : undefined
  }

  async noteOnce(name: string, text: string): Promise<string> {
    await this.#redis.send('HSETNX', KEYS.notes, name, text)
    return (await this.note(name)) ?? text
  }

  /** Others may take over at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#holder = undefined
    this.#cancelRenewal?.()
    await this.#renewing
    try {
      await this.#giveBack([...this.#shards.keys()], true)
    } catch {
      // Then the leases end by themselves.
    }
    this.#redis.close()
  }

  async #change(
    id: string,
    next: StoredRecord | undefined,
    held: StoredRecord | undefined,
  ): Promise<void> {
    const shard = shardOf(id)
    const envelope = next === undefined ? '' : envelopeOf(next)
    const expected = held === undefined ? '' : envelopeOf(held)
    const keys = [shardKey(shard), KEYS.twins, KEYS.usage]
    const args = [id, envelope, expected, CHANNEL, `${this.#proxy} ${id}`]
    try {
      const isDone = await this.#redis.send('EVAL', CHANGE_SCRIPT, '3', ...keys, ...args)
      if (isDone !== 1) return
    } catch (error) {
      this.counters.failures++
      throw error
    }
    if (next === undefined) this.counters.removals++
    else this.counters.writes++
    this.#changedMeanwhile?.add(id)
    this.#handOver(id, envelope === '' ? undefined : envelope)
  }

  /** To the holder, if the shard is ours and this is news. */
  #handOver(id: string, envelope: string | undefined): void {
    const known = this.#shards.get(shardOf(id))
    if (known === undefined || known.get(id) === envelope) return
    const record = envelope === undefined ? undefined : this.#recordOf(envelope)
    if (record === undefined) {
      known.delete(id)
      this.#holder?.release(id)
      return
    }
    known.set(id, envelope!)
    this.#holder?.hold(record)
  }

  #onMessage(text: string): void {
    const [from, id = ''] = text.split(' ')
    if (from === this.#proxy || !this.#shards.has(shardOf(id))) return
    this.#changedMeanwhile?.add(id)
    this.#redis.send('HGET', shardKey(shardOf(id)), id).then(
      (envelope) => this.#handOver(id, typeof envelope === 'string' ? envelope : undefined),
      // The connection is lost: everything is read again when it is back.
      () => undefined,
    )
  }

  #armRenewal(): void {
    this.#cancelRenewal = this.#clock.after(this.#leaseMs / RENEWALS, () => {
      this.#renewSoon(false)
      this.#armRenewal()
    })
  }

  /** One after the other. */
  #renewSoon(hasMissed: boolean): void {
    this.#renewing = this.#renewing.then(async () => {
      try {
        if (!this.#isClosed) await this.#renew(hasMissed)
      } catch {
        // The connection is lost, which it has said by itself.
      }
    })
  }

  async #renew(hasMissed: boolean): Promise<void> {
    const all = Array.from({ length: SHARDS }, (_, shard) => leaseKey(shard))
    const keys = [KEYS.proxies, ...all]
    const args = [`${keys.length}`, ...keys, this.#proxy, `${this.#leaseMs}`]
    const reply = (await this.#redis.send('EVAL', LEASE_SCRIPT, ...args)) as number[]
    const [share = SHARDS, ...mine] = reply
    const ours = new Set(mine.slice(0, share))
    for (const shard of [...this.#shards.keys()]) if (!ours.has(shard)) this.#drop(shard)
    await this.#giveBack(mine.slice(share), false)
    for (const shard of ours) {
      if (this.#isClosed) return
      if (hasMissed || !this.#shards.has(shard)) await this.#load(shard)
    }
  }

  async #giveBack(shards: readonly number[], isLeaving: boolean): Promise<void> {
    if (shards.length === 0 && !isLeaving) return
    const keys = [KEYS.proxies, ...shards.map(leaseKey)]
    const args = [`${keys.length}`, ...keys, this.#proxy, isLeaving ? '1' : '0']
    await this.#redis.send('EVAL', RELEASE_SCRIPT, ...args)
  }

  #drop(shard: number): void {
    const ids = [...(this.#shards.get(shard)?.keys() ?? [])]
    this.#shards.delete(shard)
    for (const id of ids) this.#holder?.release(id)
  }

  /** Reads a whole shard, while changes of it come in. */
  async #load(shard: number): Promise<void> {
    if (!this.#shards.has(shard)) this.#shards.set(shard, new Map())
    const changed = new Set<string>()
    this.#changedMeanwhile = changed
    const found = new Set<string>()
    let cursor = '0'
    do {
      const step = await this.#redis.send('HSCAN', shardKey(shard), cursor, 'COUNT', SCAN_COUNT)
      const [next, fields] = step as [string, string[]]
      cursor = next
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const id = fields[i]!
        found.add(id)
        if (!changed.has(id)) this.#handOver(id, fields[i + 1])
      }
    } while (cursor !== '0')
    for (const id of [...(this.#shards.get(shard)?.keys() ?? [])]) {
      if (!found.has(id) && !changed.has(id)) this.#handOver(id, undefined)
    }
    this.#changedMeanwhile = undefined
  }

  #recordOf(envelope: string): StoredRecord | undefined {
    const record = unpackRecord(envelope.split('|').slice(4).join('|'))
    if (record === undefined) this.counters.damaged++
    return record
  }
}

function envelopeOf(record: StoredRecord): string {
  const { kind, address } = record
  const twin = kind === 'put' ? twinOf(record.key, record.value, record.target) : ''
  return `${kind}|${recordBytes(record)}|${address}|${twin}|${packRecord(record)}`
}

/** Ids are `kind:key:rest`, the key in hexadecimal: its first digits are as good as a hash. */
function shardOf(id: string): number {
  return Number.parseInt(id.split(':')[1]?.slice(0, 4) ?? '', 16) % SHARDS
}
