// SPDX-License-Identifier: MIT
// Link-local IPv6 addresses only mean something together with an interface, which SocketAddress
// does not know: the number of the one that the peer was last heard on, by address.

import type { SocketAddress } from '../../core/id/socket-address.ts'
import { MAX_ZONES } from '../udp-common.ts'

export class Zones {
  readonly #zones = new Map<string, number>()

  remember(address: SocketAddress, zone: number): void {
    if (this.#zones.size >= MAX_ZONES && !this.#zones.has(address.host)) this.#zones.clear()
    this.#zones.set(address.host, zone)
  }

  /** 0 where the address alone says it all. */
  of(address: SocketAddress): number {
    return this.#zones.size === 0 ? 0 : (this.#zones.get(address.host) ?? 0)
  }
}
