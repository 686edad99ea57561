// SPDX-License-Identifier: MIT
// The DHT through REST proxies without a node of one's own, with identities: values are signed,
// verified, encrypted and decrypted here, so proxies need not be trusted with them.

import { rsaVerifier } from '../crypto/signature-verifier.ts'
import type { ProxyCounters } from '../proxy/client/counters.ts'
import { ProxyBackend } from '../proxy/client/proxy-backend.ts'
import type { ProxyOptions } from '../proxy/client/proxy-options.ts'
import type { PushData, PushOutcome } from '../proxy/client/push.ts'
import { SecureDht, type SecureOptions } from '../secure/secure-dht.ts'
import { checkSecureOptions } from './runner-options.ts'

export interface SecureProxyOptions extends ProxyOptions, SecureOptions {}

/**
 * @example
 * const identity = await Identity.generate()
 * await using dht = new SecureProxyClient({ proxies: 'https://dhtproxy.example.org', identity })
 * await dht.putSigned('unique_key', 'some data')
 */
export class SecureProxyClient extends SecureDht {
  readonly #proxies: ProxyBackend

  /**
   * Begins to look for a proxy that is ready; operations wait for the first answer. Throws
   * TypeError or RangeError for a wrong option, CryptoError ERR_CRYPTO_EXPIRED when the certificate
   * of the identity is not valid now.
   */
  constructor(options: SecureProxyOptions) {
    checkSecureOptions(options)
    const backend = new ProxyBackend(options)
    super(backend, rsaVerifier, options)
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

  /** See `ProxyClient`. */
  connectivityChanged(): void {
    this.#proxies.connectivityChanged()
  }

  /** See `ProxyClient`. */
  setPushNotificationToken(token: string | undefined): void {
    this.#proxies.setPushToken(token)
  }

  /** See `ProxyClient`. */
  pushNotificationReceived(data: PushData): Promise<PushOutcome> {
    return this.#proxies.receiveNotification(data)
  }

  /** Counters of requests, streams and notifications, since the start. */
  proxyStats(): ProxyCounters {
    return { ...this.#proxies.counters }
  }
}
