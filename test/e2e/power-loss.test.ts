// SPDX-License-Identifier: MIT
// When the power fails, what was acknowledged is on the disk: all writes of a process are
// recorded, and the disk is put together as it may be left at many moments of that record.
// POWER_CUTS sets how many.
// test-timeout-s: 1800

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { unpackState } from '../../src/core/storage/state.ts'
import { EmbeddedStore } from '../../src/proxy/server/store/embedded-store.ts'
import { putId, type StoredRecord } from '../../src/proxy/server/store/records.ts'
import { SqliteDatabase } from '../../src/proxy/server/store/sqlite-database.ts'
import { startChild } from '../support/child.ts'
import { DiskShim, diskShimAvailable } from '../support/disk-shim.ts'
import { CutDisk } from '../support/power-cut.ts'
import { RememberingHolder } from '../support/record-samples.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const PROGRAM = new URL('../support/durable-program.ts', import.meta.url).pathname
/** The disk is a model, so that there is none to wait for. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const TURNS = 300
const CUTS = Number(process.env['POWER_CUTS'] ?? 60)

interface Acknowledged {
  readonly state: number
  readonly puts: ReadonlySet<number>
  readonly removed: ReadonlySet<number>
}

suite('A power failure', { skip: diskShimAvailable() }, () => {
  test(`loses nothing that was acknowledged, at ${CUTS} moments`, async (t) => {
    const scratch = mkdtempSync(join(MEMORY, 'opendht-power-'))
    t.after(() => rmSync(scratch, { recursive: true }))
    const shim = new DiskShim(join(scratch, 'disk'))
    mkdirSync(shim.folder)
    const command = [process.execPath, '--no-warnings', PROGRAM, shim.folder, `${TURNS}`]
    const child = startChild(command, { env: shim.env })
    child.stderr.pipe(process.stderr)
    assert.deepEqual(await once(child, 'exit'), [0, null])

    const changes = shim.changes()
    const random = new SeededRandom(1)
    const moments = Array.from({ length: CUTS }, () => random.uint32() % (changes.length + 1))
    moments.sort((a, b) => a - b)
    const disk = new CutDisk()
    let done = 0
    let acknowledged = 0
    for (const moment of moments) {
      for (; done < moment; done++) disk.apply(changes[done]!)
      const acks = `${disk.read(join(shim.folder, 'acks'))}`
      acknowledged = acks.split('\n').length
      disk.cut(join(scratch, 'after'), random)
      await check(join(scratch, 'after'), read(acks), `after change ${moment}`)
    }
    t.diagnostic(`${changes.length} changes, ${acknowledged} acknowledgements`)
    assert.ok(acknowledged > TURNS)
  })
})

function read(acks: string): Acknowledged {
  const numbers = (word: string): number[] =>
    Array.from(acks.matchAll(new RegExp(`^${word} (\\d+)\n`, 'gm')), (match) => Number(match[1]))
  const removed = new Set(numbers('removed'))
  const puts = new Set(numbers('put').filter((n) => !removed.has(n)))
  return { state: Math.max(0, ...numbers('state')), puts, removed }
}

async function check(folder: string, acknowledged: Acknowledged, when: string): Promise<void> {
  const { state, puts, removed } = acknowledged
  if (state > 0) {
    const { id, values } = unpackState(readFileSync(join(folder, 'state')))
    assert.ok(id?.equals(InfoHash.get('node')), when)
    const [high = 0, low = 0] = values[0]!.data
    assert.ok(256 * high + low >= state, `state ${256 * high + low} of ${state} ${when}`)
  }
  const held = await recordsOf(join(folder, 'proxy.sqlite'))
  const key = InfoHash.get('key')
  // The next turn may have removed it, without having said so.
  const last = Math.max(0, ...puts)
  for (const n of puts) {
    const isThere = held.has(putId(key, BigInt(n)))
    assert.ok(isThere || (n === last && n % 3 === 0), `put ${n} ${when}`)
  }
  for (const n of removed) assert.ok(!held.has(putId(key, BigInt(n))), `removal ${n} ${when}`)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('corrupt')),
    [],
    when,
  )
}

async function recordsOf(path: string): Promise<Map<string, StoredRecord>> {
  const store = new EmbeddedStore(await SqliteDatabase.open(path))
  const holder = new RememberingHolder()
  await store.open(holder)
  await store.close()
  assert.equal(store.counters.damaged, 0)
  return holder.held
}
