// SPDX-License-Identifier: MIT
// The DhtInterface of an application that uses proxies in place of a node of its own. It runs
// wherever there is `fetch`. Values come as proxies give them: who does not trust the proxy has to
// verify signatures, as DhtRunner does when it uses one.

import { DhtBase } from '../../api/dht-base.ts'
import type { ProxyCounters } from './counters.ts'
import { defaultPorts, type ProxyPorts } from './ports.ts'
import { ProxyBackend } from './proxy-backend.ts'
import type { ProxyOptions } from './proxy-options.ts'
import type { PushData, PushOutcome } from './push.ts'

/**
 * @example
 * await using dht = new ProxyClient({ proxies: 'https://dhtproxy.example.org' })
 * await dht.put('unique_key', 'some data')
 * for await (const { value } of dht.listen('unique_key')) console.log(value.data)
 */
export class ProxyClient extends DhtBase {
  readonly #proxies: ProxyBackend

  /**
   * Begins to look for a proxy that is ready; operations wait for the first answer. Throws
   * TypeError or RangeError for a wrong option.
   */
  constructor(options: ProxyOptions, ports: ProxyPorts = defaultPorts()) {
    const backend = new ProxyBackend(options, ports)
    super(backend)
    this.#proxies = backend
  }

  /** URL of the proxy in use; undefined while none is ready. */
  get proxy(): string | undefined {
    return this.#proxies.proxy?.url
  }

  /** Where the proxy sees this client: an IP address; undefined as long as it is not known. */
  get publicAddress(): string | undefined {
    return this.#proxies.proxy?.info?.publicIp
  }

  /** To be called when the host got other addresses: proxies are asked at once. */
  connectivityChanged(): void {
    this.#proxies.connectivityChanged()
  }

  /**
   * Another token of this device, or none, which makes listens go on through streams. Throws
   * TypeError for what is no token.
   */
  setPushNotificationToken(token: string | undefined): void {
    this.#proxies.setPushToken(token)
  }

  /** To be called with the data of every notification that arrives. Never rejects. */
  pushNotificationReceived(data: PushData): Promise<PushOutcome> {
    return this.#proxies.receiveNotification(data)
  }

  /** Counters of requests, streams and notifications, since the start. */
  proxyStats(): ProxyCounters {
    return { ...this.#proxies.counters }
  }
}
