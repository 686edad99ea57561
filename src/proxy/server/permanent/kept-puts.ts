// SPDX-License-Identifier: MIT
// Permanent puts as clients ask for them (spec proxy, section 4.3): each lives for a day from the
// last request. A client that repeats itself without knowing the value id gets the id it has.

import { randomBytes } from 'node:crypto'
import type { DhtInterface } from '../../../api/dht-interface.ts'
import { toValue } from '../../../api/value-input.ts'
import { DhtError } from '../../../core/errors.ts'
import type { InfoHash } from '../../../core/id/info-hash.ts'
import type { Value, ValueId } from '../../../core/value/value.ts'
import type { JsonInput } from '../../protocol/json-reader.ts'
import { LIFETIME_MS } from '../push/record-keeper.ts'
import { readTarget } from '../push/target-json.ts'
import type { Clock } from '../store/clock.ts'
import { checkRoom, type KeptLimits, type KeptRefusals } from '../store/kept-limits.ts'
import type { ProxyStore } from '../store/proxy-store.ts'
import { type PushTarget, type PutRecord, putId, recordId, twinOf } from '../store/records.ts'
import type { Announcements } from './announcements.ts'
import { KeyLocks } from './key-locks.ts'

export interface PutRequest {
  readonly key: InfoHash
  /** With the id 0 when the client leaves it to us. */
  readonly value: Value
  /** What the member `permanent` of the request is: an object names whom to notify. */
  readonly permanent: JsonInput
  readonly address: string
}

export interface KeptPutsParts {
  readonly node: Pick<DhtInterface, 'put'>
  readonly store: ProxyStore
  readonly announcements: Announcements
  readonly limits: KeptLimits
  readonly refusals: KeptRefusals
  readonly clock: Clock
  /** Default topic of renewal notices. */
  readonly bundleId: string
}

export class KeptPuts {
  readonly #parts: KeptPutsParts
  /** Two requests of the same put at once must not make two. */
  readonly #locks = new KeyLocks()

  constructor(parts: KeptPutsParts) {
    this.#parts = parts
  }

  get counts(): { readonly keys: number; readonly values: number } {
    return this.#parts.announcements.counts
  }

  /**
   * Resolves to the value as it is kept, once it is announced; rejects as puts do, and is kept
   * nevertheless then. Rejects with HttpError when there is no room, TypeError or RangeError for a
   * value that cannot be stored, and keeps nothing then.
   */
  async put(request: PutRequest): Promise<Value> {
    toValue(request.value)
    const target = readTarget(request.permanent, this.#parts.bundleId)
    const record = await this.#locks.run(`${request.key}`, () => this.#keep(request, target))
    const { announcements, node } = this.#parts
    const id = recordId(record)
    if (announcements.holds(id)) await announcements.announced(id)
    // Another proxy will announce it for a day; once is ours, so that the client has an answer.
    else await node.put(record.key, record.value)
    return record.value
  }

  /** Puts a value that is not to be kept. Resolves and rejects as puts of the node do. */
  async putOnce(key: InfoHash, value: Value): Promise<Value> {
    // Without a wait for nothing: most puts leave their id to us, and begin when their turn comes.
    if (value.id !== 0n) await this.supersede(key, value.id, (held) => !held.contentEquals(value))
    const { announcements, node } = this.#parts
    const id = putId(key, value.id)
    const held = announcements.valueOf(id)
    if (!held?.contentEquals(value)) return (await node.put(key, value)).value
    // In the node, a put for once would take the place of the permanent one, and end.
    await announcements.announcedAgain(id)
    return held
  }

  /**
   * The latest put of an id counts, so a permanent one ends, if its value `isOther`. A store that
   * is away is no reason not to put.
   */
  async supersede(
    key: InfoHash,
    id: ValueId,
    isOther: (held: Value) => boolean = () => true,
  ): Promise<void> {
    if (id === 0n) return
    const { store } = this.#parts
    try {
      const record = await store.read(putId(key, id))
      if (record?.kind === 'put' && isOther(record.value)) await store.replace(record, undefined)
    } catch (error) {
      if (!(error instanceof DhtError)) throw error
    }
  }

  async #keep(request: PutRequest, target: PushTarget | undefined): Promise<PutRecord> {
    const { store, clock, limits, refusals } = this.#parts
    const { key, address } = request
    const known = await this.#known(request, target)
    const hasId = request.value.id !== 0n
    const value = hasId ? request.value : (known?.value ?? request.value.withId(newValueId()))
    const record: PutRecord = {
      kind: 'put',
      key,
      value,
      // Who renews without naming a device has not asked for its notices to stop.
      target: target ?? known?.target,
      address: known?.address ?? address,
      expiresAt: clock.now() + LIFETIME_MS,
      isNoticed: false,
    }
    await checkRoom(store, limits, { record, known }, refusals)
    await store.write(record)
    return record
  }

  async #known(
    { key, value }: PutRequest,
    target: PushTarget | undefined,
  ): Promise<PutRecord | undefined> {
    const { store } = this.#parts
    const id =
      value.id === 0n ? await store.findTwin(twinOf(key, value, target)) : putId(key, value.id)
    const record = id === undefined ? undefined : await store.read(id)
    return record?.kind === 'put' ? record : undefined
  }
}

/** Not 0, which stands for none. */
function newValueId(): bigint {
  return randomBytes(8).readBigUInt64BE() || 1n
}
