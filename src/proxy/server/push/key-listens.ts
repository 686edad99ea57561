// SPDX-License-Identifier: MIT
// Listens to keys for subscriptions: one per key, whoever subscribed to it. Changes that come
// together are told together. After a restart there may be thousands of keys: they begin in turn,
// since each is a search in the network.

import type { DhtInterface } from '../../../api/dht-interface.ts'
import type { ValueEvent } from '../../../api/value-queue.ts'
import type { InfoHash } from '../../../core/id/info-hash.ts'
import type { Log } from '../../../core/ports.ts'
import type { ValueId } from '../../../core/value/value.ts'
import type { Clock } from '../store/clock.ts'
import { recordId, type SubscriptionRecord } from '../store/records.ts'
import { type ChangedValue, MAX_IDS, type PushEvent } from './notification.ts'

/** What comes within this time of a change leaves with it. */
const GATHER_MS = 10
/** Listens that may begin within a moment, and how long that is. */
const BURST = 50
const MOMENT_MS = 100
/** Until a listen is begun again that ended in a failure. */
const RETRY_MS = 15_000

export interface KeyListensPorts {
  readonly node: Pick<DhtInterface, 'listen'>
  readonly clock: Clock
  readonly log: Log | undefined
  notify(record: SubscriptionRecord, event: PushEvent): void
}

interface KeyListen {
  readonly key: InfoHash
  readonly ended: AbortController
  readonly subscriptions: Map<string, SubscriptionRecord>
  /** What exists, for who subscribes later. */
  readonly values: Map<ValueId, ChangedValue>
  /** Not told yet; whether it is gone. */
  readonly changes: Map<ValueId, { readonly value: ChangedValue; readonly isExpiry: boolean }>
}

export class KeyListens {
  readonly counters = { failures: 0 }
  readonly #ports: KeyListensPorts
  readonly #byKey = new Map<string, KeyListen>()
  readonly #keyOf = new Map<string, string>()
  /** Not begun yet. */
  readonly #queue = new Set<KeyListen>()
  #begun = 0

  constructor(ports: KeyListensPorts) {
    this.#ports = ports
  }

  get counts(): { readonly keys: number; readonly subscriptions: number } {
    return { keys: this.#byKey.size, subscriptions: this.#keyOf.size }
  }

  hold(record: SubscriptionRecord): void {
    const id = recordId(record)
    const listen = this.#byKey.get(`${record.key}`) ?? this.#begin(record.key)
    const isNew = !listen.subscriptions.has(id)
    listen.subscriptions.set(id, record)
    this.#keyOf.set(id, `${record.key}`)
    if (!isNew || listen.values.size === 0) return
    this.#tell([record], listen, [...listen.values.values()], false)
  }

  release(id: string): void {
    const key = this.#keyOf.get(id)
    const listen = key === undefined ? undefined : this.#byKey.get(key)
    if (key === undefined || listen === undefined) return
    this.#keyOf.delete(id)
    listen.subscriptions.delete(id)
    if (listen.subscriptions.size > 0) return
    this.#byKey.delete(key)
    this.#queue.delete(listen)
    listen.ended.abort()
  }

  close(): void {
    for (const { ended } of this.#byKey.values()) ended.abort()
    this.#byKey.clear()
    this.#keyOf.clear()
    this.#queue.clear()
  }

  #begin(key: InfoHash): KeyListen {
    const listen: KeyListen = {
      key,
      ended: new AbortController(),
      subscriptions: new Map(),
      values: new Map(),
      changes: new Map(),
    }
    this.#byKey.set(`${key}`, listen)
    this.#queue.add(listen)
    this.#beginQueued()
    return listen
  }

  #beginQueued(): void {
    for (const listen of this.#queue) {
      if (this.#begun === BURST) return
      if (this.#begun++ === 0) this.#ports.clock.after(MOMENT_MS, () => this.#onMomentPassed())
      this.#queue.delete(listen)
      void this.#follow(listen)
    }
  }

  #onMomentPassed(): void {
    this.#begun = 0
    this.#beginQueued()
  }

  async #follow(listen: KeyListen): Promise<void> {
    const { node, clock, log } = this.#ports
    const { signal } = listen.ended
    try {
      for await (const event of node.listen(listen.key, { signal, forwardEncrypted: true }))
        this.#onEvent(listen, event)
    } catch (error) {
      if (signal.aborted) return
      this.counters.failures++
      log?.write('warning', `Listen to ${listen.key} for subscriptions failed: ${String(error)}`)
      const cancel = clock.after(RETRY_MS, () => {
        if (!signal.aborted) void this.#follow(listen)
      })
      signal.addEventListener('abort', cancel, { once: true })
    }
  }

  #onEvent(listen: KeyListen, { value, expired }: ValueEvent): void {
    const { id, priority, pushType } = value
    const changed = { id, priority, pushType }
    if (expired) listen.values.delete(id)
    else listen.values.set(id, changed)
    if (listen.changes.size === 0) this.#ports.clock.after(GATHER_MS, () => this.#flush(listen))
    listen.changes.set(id, { value: changed, isExpiry: expired })
  }

  #flush(listen: KeyListen): void {
    const changes = [...listen.changes.values()]
    listen.changes.clear()
    for (const isExpiry of [false, true]) {
      const values = changes.filter((it) => it.isExpiry === isExpiry).map(({ value }) => value)
      if (values.length > 0) this.#tell(listen.subscriptions.values(), listen, values, isExpiry)
    }
  }

  #tell(
    records: Iterable<SubscriptionRecord>,
    { key }: KeyListen,
    changed: readonly ChangedValue[],
    isExpiry: boolean,
  ): void {
    const at = this.#ports.clock.now()
    const values = changed.slice(-MAX_IDS)
    const event: PushEvent = { kind: 'values', key, values, isExpiry, at }
    for (const record of records) this.#ports.notify(record, event)
  }
}
