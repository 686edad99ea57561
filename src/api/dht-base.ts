// SPDX-License-Identifier: MIT
// DhtInterface over a backend: checks arguments, starts operations and turns their events into
// promises and async iterators. Knows nothing of how the backend does its work.

import type { NodeStatus } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Readiness } from '../core/readiness.ts'
import type { DhtStats } from '../core/snapshots.ts'
import type { FieldValueIndex } from '../core/value/field-value-index.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { Backend, FamilyStatus, OperationEnd, OperationEvents } from './backend.ts'
import type {
  DhtInterface,
  DhtStatus,
  GetOptions,
  ListenOptions,
  OperationOptions,
  PutOptions,
  PutResult,
} from './dht-interface.ts'
import { operationError } from './errors.ts'
import { describeType, type Key, toInfoHash } from './key.ts'
import { Listeners } from './listeners.ts'
import { onAbort } from './on-abort.ts'
import { PendingPuts } from './pending-puts.ts'
import { toFieldQuery, toValueQuery } from './query-input.ts'
import { type ResultSink, resultStream } from './result-stream.ts'
import { forwarding, GatedValues, type ValueGate } from './value-gate.ts'
import { toValue, toValueId, type ValueInput } from './value-input.ts'
import { ChangeQueue, FoundQueue, type ValueEvent } from './value-queue.ts'

/** What a list of fields counts as in a queue; the text among them is small in practice. */
const FIELDS_BYTES = 64

export class DhtBase implements DhtInterface {
  readonly #backend: Backend
  readonly #gate: ValueGate | undefined
  readonly #puts: PendingPuts
  readonly #statusListeners = new Listeners<DhtStatus>()
  #closing: Promise<void> | undefined

  /** What values of gets and listens go through; by default all pass as they are. */
  constructor(backend: Backend, gate?: ValueGate) {
    this.#backend = backend
    this.#gate = gate
    this.#puts = new PendingPuts(backend)
    backend.onStatus = (status) => this.#statusListeners.notify(toStatus(status))
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  get(key: Key, options: GetOptions = {}): AsyncIterable<Value> {
    const hash = toInfoHash(key)
    const query = toValueQuery(options.where)
    const accepts = toFilter(options.filter)
    const action = (): string => `get ${hash}`
    return resultStream<Value, FoundQueue<Value>>(
      () => new FoundQueue((value) => value.size),
      (queue, sink) =>
        this.#stream(action, sink, (events) => this.#backend.startGet(hash, query, events), {
          values: (values) => {
            for (const value of values) if (accepts(value)) queue.push(value)
          },
          done: (end) => sink.end(getFailure(action, end, queue.pushed)),
          gate: this.#gateFor(options),
        }),
      options.signal,
    )
  }

  async getAll(key: Key, options: GetOptions = {}): Promise<Value[]> {
    const values: Value[] = []
    for await (const value of this.get(key, options)) values.push(value)
    return values
  }

  async getFirst(key: Key, options: GetOptions = {}): Promise<Value | undefined> {
    for await (const value of this.get(key, options)) return value
    return undefined
  }

  query(
    key: Key,
    query: string | Query,
    options: OperationOptions = {},
  ): AsyncIterable<FieldValueIndex> {
    const hash = toInfoHash(key)
    const fieldQuery = toFieldQuery(query)
    const action = (): string => `query ${hash}`
    return resultStream<FieldValueIndex, FoundQueue<FieldValueIndex>>(
      () => new FoundQueue(() => FIELDS_BYTES),
      (queue, sink) =>
        this.#stream(action, sink, (events) => this.#backend.startGet(hash, fieldQuery, events), {
          fields: (fields) => {
            for (const field of fields) queue.push(field)
          },
          done: (end) => sink.end(getFailure(action, end, queue.pushed)),
        }),
      options.signal,
    )
  }

  listen(key: Key, options: ListenOptions = {}): AsyncIterable<ValueEvent> {
    const hash = toInfoHash(key)
    const query = toValueQuery(options.where)
    const accepts = toFilter(options.filter)
    const action = (): string => `listen to ${hash}`
    return resultStream<ValueEvent, ChangeQueue>(
      () => new ChangeQueue(),
      (queue, sink) =>
        this.#stream(action, sink, (events) => this.#listen(hash, query, events), {
          values: (values, expired) => {
            // A revision that the filter turns down is the end of the value for this reader.
            for (const value of values) queue.push(value, expired || !accepts(value))
          },
          done: (end) => sink.end(listenFailure(action, end)),
          gate: this.#gateFor(options),
        }),
      options.signal,
    )
  }

  async put(key: Key, value: ValueInput, options: PutOptions = {}): Promise<PutResult> {
    const { signal, permanent = false, created } = options
    const hash = toInfoHash(key)
    const checked = toValue(value)
    const createdMs = toWallMs(created)
    signal?.throwIfAborted()
    this.checkOpen(() => `put under ${hash}`)
    return this.#puts.start(hash, checked, { permanent, ...createdMs }, signal)
  }

  async cancelPut(key: Key, value: Value | ValueId): Promise<boolean> {
    const hash = toInfoHash(key)
    const id = toValueId(value)
    this.checkOpen(() => `cancel the put of value ${id}`)
    return this.#puts.cancel(hash, id)
  }

  /** The own puts under `key` that are being announced or renewed. */
  pendingPuts(key: Key): Value[] {
    return this.#backend.pendingPuts(toInfoHash(key))
  }

  getLocal(key: Key, options: Pick<GetOptions, 'where' | 'filter'> = {}): Value[] {
    const query = toValueQuery(options.where)
    const accepts = toFilter(options.filter)
    return this.#backend.localValues(toInfoHash(key), query).filter((value) => accepts(value))
  }

  async stats(): Promise<DhtStats> {
    return this.#backend.stats()
  }

  status(): DhtStatus {
    return toStatus(this.#backend.status())
  }

  /**
   * Whether operations can succeed, and why not. Being asked makes the node look after its
   * connection for a minute: whoever asks at least that often hears of a cut within 15 s.
   */
  readiness(): Readiness {
    return this.#backend.readiness()
  }

  onStatus(listener: (status: DhtStatus) => void): () => void {
    return this.#statusListeners.add(listener)
  }

  /** Resolves as soon as a family is connected; rejects when aborted or closed before. */
  async whenConnected(options: OperationOptions = {}): Promise<void> {
    const { signal } = options
    const action = (): string => 'wait for a connection'
    signal?.throwIfAborted()
    this.checkOpen(action)
    if (this.status().overall === 'connected') return
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void): void => {
        ignoreAbort()
        remove()
        act()
      }
      const ignoreAbort = onAbort(signal, () => settle(() => reject(signal?.reason)))
      const remove = this.#statusListeners.add(
        ({ overall }) => {
          if (overall === 'connected') settle(resolve)
        },
        () => settle(() => reject(operationError(action(), 'closed'))),
      )
    })
  }

  close(): Promise<void> {
    // A moment later, so that the node counts as closed for all that runs while it shuts down.
    this.#closing ??= Promise.resolve().then(() => this.shutDown())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What `close` does, once. A host that has more to free extends it. */
  protected async shutDown(): Promise<void> {
    this.#backend.close()
    this.#statusListeners.close()
  }

  #listen(key: InfoHash, query: Query, events: OperationEvents): () => void {
    const listening = this.#backend.startListen(key, query, events)
    return () => listening.stop()
  }

  /** Connects one operation with one loop over its results. Returns what stops it. */
  #stream(
    action: () => string,
    sink: ResultSink,
    start: (events: OperationEvents) => () => void,
    events: StreamEvents,
  ): () => void {
    this.checkOpen(action)
    const deliver = (push: () => void): void => {
      try {
        push()
        sink.notify()
      } catch (error) {
        // The reader's filter threw, or the reader is too far behind.
        sink.end(error)
      }
    }
    const onValues = (values: readonly Value[], expired: boolean): void =>
      deliver(() => events.values?.(values, expired))
    const { gate } = events
    const gated =
      gate && new GatedValues(gate, { deliver: onValues, fail: (error) => sink.end(error) })
    const stop = start({
      values: (values, expired) =>
        gated ? gated.push(values, expired) : onValues(values, expired),
      fields: (fields) => deliver(() => events.fields?.(fields)),
      done: (end) => (gated ? gated.whenEmpty(() => events.done(end)) : events.done(end)),
    })
    return () => {
      gated?.stop()
      stop()
    }
  }

  #gateFor({ forwardEncrypted = false }: GetOptions): ValueGate | undefined {
    return forwardEncrypted && this.#gate ? forwarding(this.#gate) : this.#gate
  }

  /** Throws ERR_DHT_CLOSED when it is too late for `action`, which completes "Cannot …". */
  protected checkOpen(action: () => string): void {
    if (this.isClosed) throw operationError(action(), 'closed')
  }
}

interface StreamEvents extends OperationEvents {
  /** What the values go through. */
  gate?: ValueGate | undefined
}

/** A search without an answer is only an error when it yielded nothing either. */
function getFailure(action: () => string, end: OperationEnd, found: number): Error | undefined {
  const { outcome, cause } = end
  if (outcome === 'ok') return undefined
  if (found > 0 && (outcome === 'no-nodes' || outcome === 'failed')) return undefined
  return operationError(action(), outcome, cause)
}

function listenFailure(action: () => string, end: OperationEnd): Error | undefined {
  const { outcome, cause } = end
  if (outcome === 'ok' || outcome === 'closed') return undefined
  return operationError(action(), outcome, cause)
}

function toFilter(filter: GetOptions['filter']): (value: Value) => boolean {
  if (filter === undefined) return () => true
  if (typeof filter === 'function') return filter
  throw new TypeError(`filter must be a function: got ${describeType(filter)}`)
}

function toWallMs(created: Date | undefined): { createdMs?: number } {
  if (created === undefined) return {}
  if (!(created instanceof Date) || Number.isNaN(created.getTime())) {
    throw new TypeError(`created must be a valid Date: got ${describeType(created)}`)
  }
  return { createdMs: created.getTime() }
}

const RANK: Record<NodeStatus, number> = { disconnected: 0, connecting: 1, connected: 2 }

function toStatus({ ipv4, ipv6 }: FamilyStatus): DhtStatus {
  return { ipv4, ipv6, overall: RANK[ipv4] >= RANK[ipv6] ? ipv4 : ipv6 }
}
