// SPDX-License-Identifier: MIT
// Which store a proxy uses, as its operator says.

import type { Log } from '../../../core/ports.ts'
import type { Clock } from './clock.ts'
import { EmbeddedStore } from './embedded-store.ts'
import type { ProxyStore } from './proxy-store.ts'

export interface StoreOptions {
  /** An SQLite file, made if it is not there: for one proxy. Takes Node.js 22.13. */
  readonly path?: string | undefined
  /** A Redis or Valkey server, as `redis://[user:password@]host[:port][/database]`, or rediss:. */
  readonly redis?: string | undefined
  /** State that a C++ proxy wrote when it ended; read once, if it is there. */
  readonly importPath?: string | undefined
}

/**
 * Rejects with TypeError when the options do not fit each other, ERR_DHT_STATE when the store
 * cannot be opened.
 */
export async function openStore(
  { path, redis }: StoreOptions = {},
  ports: { readonly clock: Clock; readonly log: Log | undefined },
): Promise<ProxyStore> {
  if (path !== undefined && redis !== undefined) {
    throw new TypeError('store must have path or redis, not both')
  }
  // Loaded when needed: most proxies use one of them, or none.
  if (redis !== undefined) {
    const { RedisStore } = await import('./redis-store.ts')
    return RedisStore.connect(redis, ports)
  }
  if (path === undefined) return new EmbeddedStore()
  const { SqliteDatabase } = await import('./sqlite-database.ts')
  return new EmbeddedStore(await SqliteDatabase.open(path))
}
