// SPDX-License-Identifier: MIT
// Writes a state file and a proxy's records in the folder DIR, and appends to the file `acks` what
// is safe: `node durable-program.ts DIR TURNS`. Lines are `state N`, `put N` and `removed N`.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { packState } from '../../src/core/storage/state.ts'
import { StateFile } from '../../src/nodejs/state-file.ts'
import { EmbeddedStore } from '../../src/proxy/server/store/embedded-store.ts'
import { recordId } from '../../src/proxy/server/store/records.ts'
import { SqliteDatabase } from '../../src/proxy/server/store/sqlite-database.ts'
import { put, RememberingHolder } from './record-samples.ts'

const [folder = '', turns = ''] = process.argv.slice(2)
/** Enough for the log of the database to be moved into it several times. */
const TEXT = 'x'.repeat(6000)
const state = new StateFile(join(folder, 'state'))
const store = new EmbeddedStore(await SqliteDatabase.open(join(folder, 'proxy.sqlite')))
await store.open(new RememberingHolder())
const acknowledge = (text: string): void => appendFileSync(join(folder, 'acks'), `${text}\n`)

for (let n = 1; n <= Number(turns); n++) {
  await Promise.all([writeState(n), writeRecords(n)])
}

async function writeState(n: number): Promise<void> {
  const values = [{ key: InfoHash.get('n'), data: Uint8Array.of(n >> 8, n & 255) }]
  await state.write(packState({ id: InfoHash.get('node'), nodes: [], values }))
  acknowledge(`state ${n}`)
}

async function writeRecords(n: number): Promise<void> {
  const record = put('key', BigInt(n), TEXT)
  await store.write(record)
  acknowledge(`put ${n}`)
  if (n % 3 !== 0) return
  await store.remove(recordId(record))
  acknowledge(`removed ${n}`)
}
