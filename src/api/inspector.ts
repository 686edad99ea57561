// SPDX-License-Identifier: MIT
// What a node knows at this moment, for people and programs that watch it. Plain copies.

import type { InfoHash } from '../core/id/info-hash.ts'
import type { Family } from '../core/id/socket-address.ts'
import type {
  KeySnapshot,
  RoutingTableSnapshot,
  SearchSnapshot,
  SourceSnapshot,
  StoredSnapshot,
} from '../core/snapshots.ts'
import type { ClientHost } from './operations.ts'

export class Inspector {
  readonly #host: ClientHost

  constructor(host: ClientHost) {
    this.#host = host
  }

  routingTable(family: Family): RoutingTableSnapshot {
    return this.#host.dht.routingTable(family, this.#host.now())
  }

  /** Of one key, or of all. */
  searches(family: Family, key?: InfoHash): SearchSnapshot[] {
    return this.#host.dht.searches(family, this.#host.now(), key)
  }

  /** Keys that values or listeners are stored for. */
  storageKeys(): KeySnapshot[] {
    return this.#host.dht.storageKeys()
  }

  /** Ages and ends of what is stored under `key`. */
  storedValues(key: InfoHash): StoredSnapshot[] {
    return this.#host.dht.storedValues(key, this.#host.now())
  }

  /** What is stored for others, by the address that put it; most bytes first. */
  storageSources(): SourceSnapshot[] {
    return this.#host.dht.storageSources()
  }
}
