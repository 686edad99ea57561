// SPDX-License-Identifier: MIT
// Subscriptions as clients ask for them (spec proxy, section 5): one per key, token and client id,
// each for a day from the last request.

import type { InfoHash } from '../../../core/id/info-hash.ts'
import { HttpError } from '../http-error.ts'
import { KeyLocks } from '../permanent/key-locks.ts'
import type { Clock } from '../store/clock.ts'
import { checkRoom, type KeptLimits, type KeptRefusals } from '../store/kept-limits.ts'
import type { ProxyStore } from '../store/proxy-store.ts'
import { type PushTarget, type SubscriptionRecord, subscriptionId } from '../store/records.ts'
import type { PushService } from './push-service.ts'
import { LIFETIME_MS } from './record-keeper.ts'

export interface SubscriptionsParts {
  readonly store: ProxyStore
  readonly push: PushService
  readonly limits: KeptLimits
  readonly refusals: KeptRefusals
  readonly clock: Clock
}

export interface SubscribeRequest {
  readonly key: InfoHash
  readonly target: PushTarget
  readonly address: string
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts
  /** Requests for one subscription count in the order in which they came. */
  readonly #locks = new KeyLocks()

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
  }

  /**
   * Resolves to whether it is new; known ones are renewed. Rejects with HttpError when the target
   * cannot be notified, or there is no room.
   */
  async subscribe(request: SubscribeRequest): Promise<boolean> {
    const { key, target } = request
    this.checkTarget(target)
    const id = subscriptionId(key, target.token, target.clientId)
    return this.#locks.run(id, () => this.#subscribe(id, request))
  }

  async #subscribe(id: string, { key, target, address }: SubscribeRequest): Promise<boolean> {
    const { store, limits, refusals, clock } = this.#parts
    const known = await store.read(id)
    const record: SubscriptionRecord = {
      kind: 'listen',
      key,
      target,
      address: known?.address ?? address,
      expiresAt: clock.now() + LIFETIME_MS,
      isNoticed: false,
    }
    await checkRoom(store, limits, { record, known }, refusals)
    await store.write(record)
    return known === undefined
  }

  async unsubscribe(key: InfoHash, token: string, clientId: string): Promise<void> {
    const id = subscriptionId(key, token, clientId)
    await this.#locks.run(id, () => this.#parts.store.remove(id))
  }

  /** Notifies a device that may have no subscription, to see whether it arrives. */
  ping(target: PushTarget): void {
    this.checkTarget(target)
    this.#parts.push.notify({ target, event: { kind: 'ping' } })
  }

  /** Throws HttpError when a target cannot be notified: 501 when that is for a lack of ours. */
  checkTarget(target: PushTarget): void {
    const complaint = this.#parts.push.complaint(target)
    if (complaint !== undefined) throw new HttpError(complaint.isOurs ? 501 : 400, complaint.text)
  }
}
