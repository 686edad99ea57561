// SPDX-License-Identifier: MIT
// Rows in an SQLite file, through the module that Node.js has since 22.13. What is committed
// survives the death of the process and of the computer at any moment: each transaction waits for
// the disk. A damaged file is set aside, and what can be read of it is taken over.

import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { DhtError } from '../../../core/errors.ts'
import type { Log } from '../../../core/ports.ts'
import { isDamage, readWhatCanBe, setDatabaseAside } from './damaged-database.ts'
import type { RowChange, RowDatabase } from './embedded-store.ts'

const FORMAT = 1
const SETTINGS = [
  // Two proxies that announce the same puts would be worse than an error here.
  'locking_mode = EXCLUSIVE',
  'journal_mode = WAL',
  // To wait for the disk at each commit, not only when the log is moved into the database.
  'synchronous = FULL',
]

export class SqliteDatabase implements RowDatabase {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #set: StatementSync
  readonly #delete: StatementSync

  /**
   * Opens or makes the file; one that is damaged is renamed, and a warning logged. Rejects with
   * ERR_DHT_STATE when that is not possible, when another process uses it, and on versions of
   * Node.js without SQLite.
   */
  static async open(path: string, log?: Log): Promise<SqliteDatabase> {
    const { DatabaseSync } = await loadSqlite(path)
    try {
      // For nobody else: it has push tokens, and the key of VAPID.
      closeSync(openSync(path, 'a', 0o600))
      return new SqliteDatabase(path, connect(new DatabaseSync(path)))
    } catch (error) {
      if (!isDamage(error)) throw stateError(path, error)
    }
    try {
      const asidePath = setDatabaseAside(path)
      closeSync(openSync(path, 'a', 0o600))
      const database = new SqliteDatabase(path, connect(new DatabaseSync(path)))
      const { records, notes } = readWhatCanBe(() => new DatabaseSync(asidePath))
      database.apply(records)
      for (const [name, text] of notes) database.setNote(name, text)
      const outcome = `kept as "${asidePath}", ${records.length} records could be read`
      log?.write('warning', `[proxy] State "${path}" is damaged: ${outcome}`)
      return database
    } catch (error) {
      throw stateError(path, error)
    }
  }

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path
    this.#database = database
    this.#set = database.prepare('INSERT OR REPLACE INTO records (id, body) VALUES (?, ?)')
    this.#delete = database.prepare('DELETE FROM records WHERE id = ?')
  }

  *rows(): Generator<readonly [id: string, text: string]> {
    try {
      for (const row of this.#database.prepare('SELECT id, body FROM records').iterate()) {
        yield [String(row['id']), String(row['body'])]
      }
    } catch (error) {
      throw stateError(this.#path, error)
    }
  }

  apply(changes: readonly RowChange[]): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      for (const [id, text] of changes) {
        if (text === undefined) this.#delete.run(id)
        else this.#set.run(id, text)
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw stateError(this.#path, error)
    }
  }

  note(name: string): string | undefined {
    const row = this.#database.prepare('SELECT body FROM notes WHERE name = ?').get(name)
    return row === undefined ? undefined : String(row['body'])
  }

  setNote(name: string, text: string): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO notes (name, body) VALUES (?, ?)')
      .run(name, text)
  }

  close(): void {
    this.#database.close()
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // Some failures end the transaction by themselves; the first error is the one to report.
    }
  }
}

/** Takes `database`, and closes it when it cannot be used. */
function connect(database: DatabaseSync): DatabaseSync {
  try {
    for (const setting of SETTINGS) database.exec(`PRAGMA ${setting}`)
    const { user_version: format } = database.prepare('PRAGMA user_version').get() as {
      user_version: number
    }
    if (format > FORMAT) throw new Error(`it is of a newer version: ${format}`)
    const [problem] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})
    if (problem !== 'ok') throw Object.assign(new Error(String(problem)), { errcode: CORRUPT })
    // Nothing is written otherwise, so that what is there can be read when the disk is full.
    if (format < FORMAT) createTables(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLITE_CORRUPT. */
const CORRUPT = 11

function createTables(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    PRAGMA user_version = ${FORMAT};
    COMMIT`)
}

async function loadSqlite(path: string): Promise<typeof import('node:sqlite')> {
  try {
    return await import('node:sqlite')
  } catch (error) {
    const advice = `it takes Node.js 22.13 or newer, this is ${process.version}`
    throw new DhtError('ERR_DHT_STATE', `Cannot open proxy state ${path}: ${advice}`, {
      cause: error,
    })
  }
}

function stateError(path: string, cause: unknown): DhtError {
  const text = cause instanceof Error ? cause.message : String(cause)
  const isLocked = /locked|busy/i.test(text)
  const reason = isLocked ? 'another process uses it' : text
  return new DhtError('ERR_DHT_STATE', `Cannot use proxy state ${path}: ${reason}`, { cause })
}
