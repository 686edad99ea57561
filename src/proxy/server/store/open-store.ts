// SPDX-License-Identifier: MIT
// Which store a proxy uses, as its operator says.

import type { Log } from '../../../core/ports.ts'
import type { Clock } from './clock.ts'
import { EmbeddedStore } from './embedded-store.ts'
import type { ProxyStore } from './proxy-store.ts'

/** Where a proxy keeps what clients entrust to it. */
export interface StoreOptions {
  /** An SQLite file, made if it is not there: for one proxy. Takes Node.js 22.13. */
  readonly path?: string | undefined
  /** A Redis or Valkey server, as `redis://[user:password@]host[:port][/database]`, or rediss:. */
  readonly redis?: string | undefined
  /** With Redis: until others do the work of a proxy that died. Default 15,000, at least 1000. */
  readonly takeoverMs?: number | undefined
  /** State that a C++ proxy wrote when it ended; read once, if it is there. */
  readonly importPath?: string | undefined
}

/**
 * Rejects with TypeError or RangeError for wrong options, ERR_DHT_STATE when the store
 * cannot be opened.
 */
export async function openStore(
  { path, redis, takeoverMs = 15_000 }: StoreOptions = {},
  ports: { readonly clock: Clock; readonly log: Log | undefined },
): Promise<ProxyStore> {
  if (path !== undefined && redis !== undefined) {
    throw new TypeError('store must have path or redis, not both')
  }
  if (!Number.isInteger(takeoverMs) || takeoverMs < 1000) {
    throw new RangeError(`takeoverMs must be an integer of at least 1000: got ${takeoverMs}`)
  }
  // Loaded when needed: most proxies use one of them, or none.
  if (redis !== undefined) {
    const { RedisStore } = await import('./redis-store.ts')
    return RedisStore.connect(redis, { ...ports, takeoverMs })
  }
  if (path === undefined) return new EmbeddedStore()
  const { SqliteDatabase } = await import('./sqlite-database.ts')
  return new EmbeddedStore(await SqliteDatabase.open(path, ports.log), ports.log)
}
