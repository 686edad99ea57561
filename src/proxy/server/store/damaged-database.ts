// SPDX-License-Identifier: MIT
// What becomes of a database that is damaged: nothing of it is thrown away.

import { existsSync, renameSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

type Row = readonly [name: string, text: string]

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<unknown> = new Set([11, 26])
const MAX_SET_ASIDE = 100

/** Whether SQLite says with this error that the file is damaged, or is no database. */
export function isDamage(error: unknown): boolean {
  return DAMAGE.has(((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff)
}

/**
 * Renames the database, and its log, which may have the latest changes. Returns the new path;
 * throws when that is not possible.
 */
export function setDatabaseAside(path: string): string {
  let asidePath = `${path}.corrupt`
  for (let n = 2; existsSync(asidePath) && n <= MAX_SET_ASIDE; n++)
    asidePath = `${path}.corrupt.${n}`
  // The log first: alone in its place it would be taken for that of the new database.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${asidePath}-wal`)
  renameSync(path, asidePath)
  return asidePath
}

/** The rows before the first one that cannot be read, and those after the last, of each table. */
export function readWhatCanBe(open: () => DatabaseSync): { records: Row[]; notes: Row[] } {
  try {
    const database = open()
    try {
      return {
        records: collect(database, 'SELECT id AS name, body FROM records ORDER BY id'),
        notes: collect(database, 'SELECT name, body FROM notes ORDER BY name'),
      }
    } finally {
      database.close()
    }
  } catch {
    // It is no database at all.
    return { records: [], notes: [] }
  }
}

function collect(database: DatabaseSync, query: string): Row[] {
  const rows = new Map<string, string>()
  for (const order of ['ASC', 'DESC']) {
    try {
      for (const row of database.prepare(`${query} ${order}`).iterate()) {
        rows.set(String(row['name']), String(row['body']))
      }
      break
    } catch {
      // From the other end, then; what is between is lost.
    }
  }
  return [...rows]
}
