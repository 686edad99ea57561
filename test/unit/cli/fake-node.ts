// SPDX-License-Identifier: MIT
// A node for the REPL that answers from a list, at once.

import type { GetOptions, PutOptions, PutResult } from '../../../src/api/dht-interface.ts'
import { PutError } from '../../../src/api/errors.ts'
import type { NodeView } from '../../../src/cli/node-view.ts'
import { DhtError, type DhtErrorCode } from '../../../src/core/errors.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import type { Readiness } from '../../../src/core/readiness.ts'
import type { DhtStats, KeySnapshot, SearchSnapshot } from '../../../src/core/snapshots.ts'
import { FieldValueIndex } from '../../../src/core/value/field-value-index.ts'
import type { Query } from '../../../src/core/value/query.ts'
import type { Value } from '../../../src/core/value/value.ts'
import { CryptoError } from '../../../src/crypto/errors.ts'
import type { PublicKey } from '../../../src/crypto/public-key.ts'

/** Of values that are put without id. */
export const SIGNED_ID = 0x4872_9918_153f_148fn

interface Change {
  readonly value: Value
  readonly expired: boolean
}

export class FakeNode implements NodeView {
  readonly id = InfoHash.get('fake')
  readonly port4 = 4222
  readonly port6 = 4222
  /** That of its identity. */
  publicKey: PublicKey | undefined
  /** What was asked of it. */
  readonly calls: string[] = []
  /** What it finds under every key. */
  readonly values: Value[] = []
  /** What gets and puts fail with. */
  failure: DhtErrorCode | undefined
  /** Whether it finds the certificates of others. */
  isKnown = true
  /** Gets and puts wait for it. */
  gate: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<(change: Change) => void>()

  async *get(key: unknown, { where }: GetOptions = {}): AsyncGenerator<Value> {
    this.calls.push(`get ${key} ${where}`.trim())
    yield* this.values
    await this.#answer()
  }

  async *query(key: unknown, query: string | Query): AsyncGenerator<FieldValueIndex> {
    this.calls.push(`query ${key} ${query}`)
    const { select } = query as Query
    for (const value of this.values) yield FieldValueIndex.of(value, select)
    await this.#answer()
  }

  async *listen(key: unknown, { where, signal }: GetOptions = {}): AsyncGenerator<Change> {
    this.calls.push(`listen ${key} ${where}`.trim())
    const changes: Change[] = this.values.map((value) => ({ value, expired: false }))
    let wake = (): void => {}
    const hear = (change: Change): void => {
      changes.push(change)
      wake()
    }
    signal?.addEventListener('abort', () => wake())
    this.#listeners.add(hear)
    for (;;) {
      yield* changes.splice(0)
      await new Promise<void>((resolve) => {
        wake = resolve
        if (changes.length > 0 || signal?.aborted) resolve()
      })
      if (!signal?.aborted) continue
      this.calls.push('listen ended')
      throw signal.reason
    }
  }

  put(key: unknown, value: unknown, { permanent }: PutOptions = {}): Promise<PutResult> {
    this.calls.push(`put ${key} ${permanent ? 'permanent ' : ''}`.trim())
    return this.#store(value as Value)
  }

  putSigned(key: unknown, value: unknown): Promise<PutResult> {
    this.calls.push(`putSigned ${key}`)
    return this.#store((value as Value).withId(SIGNED_ID))
  }

  async putEncrypted(key: unknown, to: unknown, value: unknown): Promise<PutResult> {
    this.calls.push(`putEncrypted ${key} ${to}`)
    if (!this.isKnown) throw new CryptoError('ERR_CRYPTO_UNKNOWN_KEY', 'Cannot encrypt')
    return this.#store((value as Value).withId(SIGNED_ID))
  }

  async cancelPut(key: unknown, id: unknown): Promise<boolean> {
    this.calls.push(`cancelPut ${key} ${id}`)
    return this.values.some((value) => value.id === id)
  }

  /** Tells those who listen. */
  change(value: Value, expired: boolean): void {
    for (const hear of this.#listeners) hear({ value, expired })
  }

  async stats(): Promise<DhtStats> {
    const known = { good: 1, dubious: 2, incoming: 3, cached: 4 }
    const family = { ...known, searches: 5, tableDepth: 1, networkSize: 16 }
    const storage = { values: 6, remoteBytes: 7, localBytes: 9 }
    return { ipv4: family, ipv6: family, storage, operations: 10 } as DhtStats
  }

  readiness(): Readiness {
    const ready = { isReady: true, reason: undefined }
    return { ...ready, ipv4: ready, ipv6: { isReady: false, reason: 'no-socket' } }
  }

  publicAddresses(): SocketAddress[] {
    const hosts = ['127.0.0.1', '2001:db8::1']
    return hosts.map((host) => SocketAddress.parse(host, 4222)!)
  }

  bootstrap(host: string): void {
    this.calls.push(`bootstrap ${host}`)
  }

  async enableProxy(urls: unknown): Promise<void> {
    this.calls.push(`enableProxy ${urls ?? 'none'}`)
  }

  async pushNotificationReceived(data: unknown): Promise<'ignored'> {
    this.calls.push(`notification ${JSON.stringify(data)}`)
    return 'ignored'
  }

  connectivityChanged(): void {
    this.calls.push('connectivityChanged')
  }

  readonly inspector: NodeView['inspector'] = {
    routingTable: () => ({ buckets: [] }),
    searches: (family) => (family === 4 ? [search] : []),
    storageKeys: () => [stored],
    storedValues: () => [],
    storageSources: () => [
      { address: SocketAddress.parse('127.0.0.1', 4223)!, values: 1, bytes: 7 },
    ],
  }

  async #store(value: Value): Promise<PutResult> {
    this.values.push(value)
    this.change(value, false)
    await this.gate
    if (this.failure !== undefined) throw new PutError(this.failure, 'Cannot do it', value)
    return { value, nodes: [] }
  }

  async #answer(): Promise<void> {
    await this.gate
    if (this.failure !== undefined) throw new DhtError(this.failure, 'Cannot do it')
  }
}

const stored: KeySnapshot = {
  key: InfoHash.get('svc'),
  values: 2,
  bytes: 30,
  localListeners: 0,
  listeners: [],
}

const search: SearchSnapshot = {
  key: InfoHash.get('svc'),
  gets: 0,
  lastStepAgoMs: 18_000,
  isIdle: true,
  isSynced: false,
  listens: [],
  puts: [],
  nodes: [],
}
