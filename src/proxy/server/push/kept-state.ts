// SPDX-License-Identifier: MIT
// All that a proxy does for clients that are not connected, put together: what is kept, where it is
// stored, who is notified, and what of it is counted.

import type { DhtInterface } from '../../../api/dht-interface.ts'
import type { Log } from '../../../core/ports.ts'
import { Announcements } from '../permanent/announcements.ts'
import { KeptPuts } from '../permanent/kept-puts.ts'
import { type Clock, systemClock } from '../store/clock.ts'
import { checkKeptLimits, type KeptLimits, type KeptRefusals } from '../store/kept-limits.ts'
import { openStore, type StoreOptions } from '../store/open-store.ts'
import type { ProxyStore } from '../store/proxy-store.ts'
import { importStateFile } from '../store/upstream-state.ts'
import { KeyListens } from './key-listens.ts'
import { type PushOptions, PushService } from './push-service.ts'
import { RecordKeeper } from './record-keeper.ts'
import { Subscriptions } from './subscriptions.ts'
import { newVapidKey } from './vapid.ts'

/** Where the private key is stored that browsers tie subscriptions to. */
const VAPID_NOTE = 'vapid'

export interface KeptStateOptions {
  readonly push?: PushOptions | undefined
  /** Where subscriptions and permanent puts survive. Default: in memory only. */
  readonly store?: StoreOptions | undefined
  readonly keptLimits?: Partial<KeptLimits> | undefined
}

export interface KeptStatePorts {
  readonly node: Pick<DhtInterface, 'put' | 'cancelPut' | 'listen'>
  readonly log?: Log | undefined
  /** Default the system's. */
  readonly clock?: Clock | undefined
}

export class KeptState {
  readonly puts: KeptPuts
  readonly subscriptions: Subscriptions
  readonly push: PushService
  readonly refusals: KeptRefusals = { puts: 0, subscriptions: 0 }
  readonly store: ProxyStore
  readonly keeper: RecordKeeper
  readonly announcements: Announcements
  readonly listens: KeyListens

  /**
   * Opens the store and takes up what it has. Rejects with TypeError or RangeError for a wrong
   * option, ERR_DHT_STATE when the store cannot be used.
   */
  static async open(options: KeptStateOptions, ports: KeptStatePorts): Promise<KeptState> {
    const limits = checkKeptLimits(options.keptLimits)
    const clock = ports.clock ?? systemClock
    const store = await openStore(options.store, { clock, log: ports.log })
    let state: KeptState | undefined
    try {
      const known = await store.note(VAPID_NOTE)
      const vapidKey = known ?? (await store.noteOnce(VAPID_NOTE, newVapidKey()))
      state = new KeptState(options, { ...ports, clock, store, limits, vapidKey })
      await store.open(state.keeper)
      const { importPath } = options.store ?? {}
      if (importPath !== undefined)
        await importStateFile(importPath, { store, clock, log: ports.log })
      return state
    } catch (error) {
      await state?.close()
      if (state === undefined) await store.close()
      throw error
    }
  }

  private constructor(
    { push = {} }: KeptStateOptions,
    parts: KeptStatePorts & {
      readonly clock: Clock
      readonly store: ProxyStore
      readonly limits: KeptLimits
      readonly vapidKey: string
    },
  ) {
    const { node, log, clock, store, limits, vapidKey } = parts
    const { refusals } = this
    this.store = store
    this.push = new PushService(push, vapidKey, {
      clock,
      log,
      onDead: (token) => this.keeper.onDead(token),
    })
    this.announcements = new Announcements(node, clock)
    this.listens = new KeyListens({
      node,
      clock,
      log,
      notify: ({ target }, event) => this.push.notify({ target, event }),
    })
    this.keeper = new RecordKeeper({
      store,
      announcements: this.announcements,
      listens: this.listens,
      clock,
      log,
      notify: (notification) => this.push.notify(notification),
    })
    const shared = { store, clock, limits, refusals }
    const { bundleId } = this.push
    this.puts = new KeptPuts({ ...shared, node, announcements: this.announcements, bundleId })
    this.subscriptions = new Subscriptions({ ...shared, push: this.push })
  }

  /** Devices that are to be notified, and notifications by platform, for the statistics. */
  get pushCounts() {
    const { android, ios, unifiedpush } = this.push.counts
    const shown = ({ high, normal }: { high: number; normal: number }) => ({
      highPriorityCount: high,
      normalPriorityCount: normal,
    })
    return {
      devices: this.keeper.devices,
      android: shown(android),
      ios: shown(ios),
      unified: shown(unifiedpush),
    }
  }

  /** What is stored stays; the node stops to announce and to listen. */
  async close(): Promise<void> {
    this.keeper.close()
    this.push.close()
    await this.store.close()
  }
}
