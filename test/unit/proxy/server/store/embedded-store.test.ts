// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import type { Log } from '../../../../../src/core/ports.ts'
import {
  EmbeddedStore,
  type RowDatabase,
} from '../../../../../src/proxy/server/store/embedded-store.ts'
import { openStore } from '../../../../../src/proxy/server/store/open-store.ts'
import { recordId } from '../../../../../src/proxy/server/store/records.ts'
import { SqliteDatabase } from '../../../../../src/proxy/server/store/sqlite-database.ts'
import { put, RememberingHolder } from '../../../../support/record-samples.ts'
import { testLastingStore, testStore } from '../../../../support/store-contract.ts'

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'opendht-store-'))

  get file(): string {
    return join(this.path, 'state.db')
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

function collectingLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const write = (level: string, text: string): void => void lines.push(`${level} ${text}`)
  return { lines, log: { enabled: () => true, write } }
}

async function onDisk() {
  const folder = new Folder()
  return {
    open: async () => new EmbeddedStore(await SqliteDatabase.open(folder.file)),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  }
}

testStore('the store in memory', async () => ({
  open: async () => new EmbeddedStore(),
  [Symbol.asyncDispose]: async () => {},
}))
testStore('the store in a file', onDisk)
testLastingStore('the store in a file', onDisk)

suite('SqliteDatabase', () => {
  test('is for nobody else to read', async () => {
    using folder = new Folder()
    const database = await SqliteDatabase.open(folder.file)
    database.setNote('name', 'text')
    for (const file of [folder.file, `${folder.file}-wal`]) {
      assert.equal(existsSync(file) && statSync(file).mode & 0o777, 0o600, file)
    }
    database.close()
  })

  test('is used by one process at a time', async () => {
    using folder = new Folder()
    const database = await SqliteDatabase.open(folder.file)
    await assert.rejects(SqliteDatabase.open(folder.file), {
      code: 'ERR_DHT_STATE',
      message: /state\.db: another process uses it/,
    })
    database.close()
  })

  test('says so when there is no such folder', async () => {
    using folder = new Folder()
    const missing = join(folder.path, 'missing', 'state.db')
    await assert.rejects(SqliteDatabase.open(missing), { code: 'ERR_DHT_STATE' })
  })

  test('sets aside what is no database, with a warning, and starts afresh', async () => {
    using folder = new Folder()
    const text = 'this is no database, and was not meant to be one'.repeat(100)
    for (const aside of ['state.db.corrupt', 'state.db.corrupt.2']) {
      writeFileSync(folder.file, text)
      const { log, lines } = collectingLog()
      const database = await SqliteDatabase.open(folder.file, log)
      assert.deepEqual([...database.rows()], [])
      database.apply([['put:1', 'text']])
      database.close()
      assert.equal(readFileSync(join(folder.path, aside), 'latin1'), text)
      const outcome = `kept as "${join(folder.path, aside)}", 0 records could be read`
      assert.deepEqual(lines, [`warning [proxy] State "${folder.file}" is damaged: ${outcome}`])
    }
  })

  test('takes over what can be read of a file that is damaged in the middle', async () => {
    using folder = new Folder()
    const whole = await SqliteDatabase.open(folder.file)
    whole.setNote('name', 'text')
    whole.apply(Array.from({ length: 1000 }, (_, n) => [`put:${n}`, 'x'.repeat(100)]))
    whole.close()
    const bytes = readFileSync(folder.file)
    writeFileSync(folder.file, bytes.fill(0xff, 60_000, 80_000))
    const { log, lines } = collectingLog()
    const store = new EmbeddedStore(await SqliteDatabase.open(folder.file, log), log)
    await store.open(new RememberingHolder())
    // None of them is a proper record; that they came over is what counts.
    assert.ok(store.counters.damaged > 10 && store.counters.damaged < 1000)
    assert.equal(await store.note('name'), 'text')
    await store.write(put('a', 1n))
    await store.close()
    assert.match(lines.join(), /is damaged: kept as .*, \d+ records could be read/)
  })

  test('does not touch the file of a newer version', async () => {
    using folder = new Folder()
    const newer = new DatabaseSync(folder.file)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    await assert.rejects(SqliteDatabase.open(folder.file), { message: /newer version: 99/ })
  })

  test('passes over damaged rows, and counts them', async () => {
    using folder = new Folder()
    const database = await SqliteDatabase.open(folder.file)
    const texts = ['', '{', '{}', '[]', 'null', '{"kind":"put","key":"xyz"}']
    database.apply(texts.map((text, n) => [`put:${n}`, text]))
    const store = new EmbeddedStore(database)
    const holder = new RememberingHolder()
    await store.open(holder)
    await store.write(put('a', 1n))
    assert.equal(store.counters.damaged, texts.length)
    assert.deepEqual(holder.ids, [recordId(put('a', 1n))])
    await store.close()
  })
})

suite('EmbeddedStore', () => {
  test('rejects what the database cannot take, and keeps what it had', async () => {
    let isFull = false
    const rows: (readonly [string, string | undefined])[] = []
    const database: RowDatabase = {
      rows: () => [],
      apply: (changes) => {
        if (isFull) throw new Error('disk full')
        rows.push(...changes)
      },
      note: () => undefined,
      setNote: () => {},
      close: () => {},
    }
    const store = new EmbeddedStore(database)
    const holder = new RememberingHolder()
    await store.open(holder)
    await store.write(put('a', 1n))
    isFull = true
    await assert.rejects(store.write(put('a', 2n)), /disk full/)
    await assert.rejects(store.remove(recordId(put('a', 1n))), /disk full/)
    assert.deepEqual(holder.ids, [recordId(put('a', 1n))])
    assert.equal(store.counters.failures, 2)
    isFull = false
    await store.write(put('a', 2n))
    assert.equal(rows.length, 2)
    await store.close()
  })

  test('writes what comes together in one transaction, in order', async () => {
    const batches: number[] = []
    const database = {
      rows: () => [],
      apply: (changes: readonly unknown[]) => void batches.push(changes.length),
      note: () => undefined,
      setNote: () => {},
      close: () => {},
    }
    const store = new EmbeddedStore(database)
    const holder = new RememberingHolder()
    await store.open(holder)
    const record = put('a', 1n)
    await Promise.all([
      store.write(record),
      store.write(put('a', 2n)),
      store.remove(recordId(record)),
      store.write({ ...record, isNoticed: true }),
    ])
    assert.deepEqual(batches, [4])
    assert.equal(holder.held.get(recordId(record))?.isNoticed, true)
    await store.close()
  })
})

suite('openStore', () => {
  test('wants one place', async () => {
    const ports = { clock: { now: () => 0, after: () => () => {} }, log: undefined }
    const options = { path: 'a', redis: 'redis://localhost' }
    await assert.rejects(openStore(options, ports), TypeError)
    await assert.rejects(openStore({ redis: 'http://localhost' }, ports), {
      name: 'TypeError',
      message: /redis must be a redis: or rediss: URL/,
    })
    await assert.rejects(openStore({ redis: 'redis://127.0.0.1:9' }, ports), {
      code: 'ERR_DHT_STATE',
      message: /Cannot use Redis at 127\.0\.0\.1:9: /,
    })
  })
})
