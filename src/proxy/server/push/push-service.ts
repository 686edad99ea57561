// SPDX-License-Identifier: MIT
// Everything that brings notifications to devices, by platform: the gateway if there is one, and
// endpoints. Knows nothing of subscriptions, but tells when a token turned out to be dead.

import { randomInt } from 'node:crypto'
import type { Log } from '../../../core/ports.ts'
import type { Clock } from '../store/clock.ts'
import { PLATFORMS, type Platform, type PushTarget } from '../store/records.ts'
import { Delivery, type DeliveryCounters } from './delivery.ts'
import { EndpointGuard } from './endpoint-guard.ts'
import { deviceKeys, Endpoints } from './endpoints.ts'
import { Gateway } from './gateway.ts'
import { goesThroughGateway } from './gateway-item.ts'
import { isUrgent, type Notification, type PushFormat } from './notification.ts'
import { Vapid } from './vapid.ts'

/** How a proxy reaches devices. */
export interface PushOptions {
  /**
   * Gorush gateway for Android and iOS: `host:port`, a port of this machine, or a URL. Without it
   * only endpoints (UnifiedPush, browsers) can be subscribed.
   */
  readonly gateway?: string | undefined
  /** Topic of subscriptions that give none; for iOS the id of the application. */
  readonly bundleId?: string | undefined
  /** Form of what the gateway gets. Default '4.3', for current gateways; '2.4' for old ones. */
  readonly format?: PushFormat | undefined
  /** Endpoints may be on this machine and in local networks, and without TLS. Default false. */
  readonly allowLocalEndpoints?: boolean | undefined
  /** How push services of browsers reach the operator: a mailto: or https: URL. Apple wants one. */
  readonly contact?: string | undefined
}

export interface PushPorts {
  readonly clock: Clock
  readonly log: Log | undefined
  onDead(token: string): void
}

/** Notifications that were accepted for delivery. */
export type PushCounts = Record<Platform, { high: number; normal: number }>

export class PushService {
  readonly counts: PushCounts
  readonly vapid: Vapid
  readonly #options: PushOptions
  readonly #guard: EndpointGuard
  readonly #endpoints: Endpoints
  readonly #gateway: Gateway | undefined
  readonly #delivery: Delivery

  /** Throws TypeError that names a wrong option. `vapidKey` is of `newVapidKey`. */
  constructor(options: PushOptions, vapidKey: string, { clock, log, onDead }: PushPorts) {
    const { gateway, format = '4.3', allowLocalEndpoints = false, contact } = checked(options)
    this.#options = options
    this.vapid = new Vapid(vapidKey, contact)
    this.#guard = new EndpointGuard(allowLocalEndpoints)
    this.#endpoints = new Endpoints({ guard: this.#guard, vapid: this.vapid, clock })
    this.#gateway = gateway === undefined ? undefined : new Gateway(gateway, format, clock)
    this.#delivery = new Delivery({
      clock,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      onDead,
      onFailure: (reason) => log?.write('warning', `Push failed: ${reason}`),
    })
    this.counts = Object.fromEntries(
      PLATFORMS.map((it) => [it, { high: 0, normal: 0 }]),
    ) as unknown as PushCounts
  }

  get counters(): Readonly<DeliveryCounters> {
    return this.#delivery.counters
  }

  get waiting(): number {
    return this.#delivery.waiting
  }

  /** The default topic: upstream's clients leave it to the server. */
  get bundleId(): string {
    return this.#options.bundleId ?? ''
  }

  /** Why a target cannot be notified, for whoever gave it; undefined when it can. */
  complaint(target: PushTarget): { readonly isOurs: boolean; readonly text: string } | undefined {
    const { platform, token } = target
    if (goesThroughGateway(platform)) {
      if (this.#gateway !== undefined) return undefined
      const text = `This proxy has no push gateway: platform must be unifiedpush or webpush`
      return { isOurs: true, text }
    }
    const wanted = this.#guard.complaint(token)
    if (wanted !== undefined) return { isOurs: false, text: `key must be ${wanted}` }
    if (deviceKeys(target) !== 'unusable') return undefined
    const text = 'p256dh and auth must be a P-256 point of 65 bytes and a secret of 16, in base64'
    return { isOurs: false, text }
  }

  notify(notification: Notification): void {
    const { platform, token } = notification.target
    const destination = goesThroughGateway(platform)
      ? this.#gateway?.destinationOf(token)
      : this.#endpoints.destinationOf(token)
    // Subscribed when there was a gateway; there may be one again before the subscription ends.
    if (destination === undefined) {
      this.#delivery.counters.refused++
      return
    }
    this.counts[platform][isUrgent(notification.event) ? 'high' : 'normal']++
    this.#delivery.push(notification, destination)
  }

  close(): void {
    this.#delivery.close()
    this.#gateway?.close()
    this.#endpoints.close()
  }
}

function checked(options: PushOptions): PushOptions {
  const { format, contact } = options
  if (format !== undefined && format !== '4.3' && format !== '2.4') {
    throw new TypeError(`push format must be 4.3 or 2.4: got ${String(format)}`)
  }
  if (contact !== undefined && !/^(?:mailto:|https:\/\/)./.test(contact)) {
    throw new TypeError(`push contact must be a mailto: or https: URL: got ${String(contact)}`)
  }
  return options
}
