// SPDX-License-Identifier: MIT
// Records, states and transfers: what the recorded vectors do not show, and damaged or hostile
// input.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WireError } from '../../../../src/core/errors.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import {
  packNodes,
  packState,
  packValues,
  unpackNodes,
  unpackState,
  unpackValues,
} from '../../../../src/core/storage/state.ts'
import {
  readTimestamp,
  writeInt64,
  writeTimestamp,
} from '../../../../src/core/storage/timestamp.ts'
import {
  FOREVER_NS,
  packRecords,
  unpackRecords,
  type ValueRecord,
} from '../../../../src/core/storage/value-records.ts'
import { exportValues, importValues } from '../../../../src/core/storage/value-transfer.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { address, KEY, OTHER_KEY, plainValue, StorageKit } from '../../../support/storage-kit.ts'
import { fromHex, toHex } from '../../../support/vectors.ts'

const MINUTE = 60_000
const MS = 1_000_000n
const PEER = address('192.0.2.1')
const WALL = 1_800_000_000_000

function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter()
  write(writer)
  return writer.take()
}

describe('a timestamp', () => {
  const cases: [bigint, string][] = [
    [0n, 'd6ff00000000'],
    [0xffff_ffffn * 1_000_000_000n, 'd6ffffffffff'],
    [1n, 'd7ff0000000400000000'],
    [0x1_0000_0000n * 1_000_000_000n, 'd7ff0000000100000000'],
    [FOREVER_NS, 'd7ffcbcb5ffe25c17d04'],
    [-1n, 'c70cff3b9ac9ffffffffffffffffff'],
    [-(2n ** 63n), 'c70cff08a7f200fffffffdda3e82fb'],
    [2n ** 34n * 1_000_000_000n, 'c70cff000000000000000400000000'],
  ]
  for (const [ns, hex] of cases) {
    it(`of ${ns} ns is ${hex}`, () => {
      const bytes = written((it) => writeTimestamp(it, ns))
      assert.equal(toHex(bytes), hex)
      assert.equal(readTimestamp(new MsgpackReader(bytes)), ns)
    })
  }

  it('is not read from another extension, length or item', () => {
    for (const hex of ['d60100000000', 'd4ff00', 'c703ff000000', '01', 'd6ff0000', 'c0']) {
      assert.throws(() => readTimestamp(new MsgpackReader(fromHex(hex))), WireError)
    }
  })

  it('or integer takes the sign along', () => {
    for (const value of [0n, 127n, 2n ** 40n, 2n ** 63n - 1n, -1n, -(2n ** 63n)]) {
      const bytes = written((it) => writeInt64(it, value))
      assert.equal(new MsgpackReader(bytes).int64(), value)
    }
  })
})

describe('records', () => {
  const good = `92${'00'}${toHex(packedValue(plainValue(1)))}`

  it('of the form with four elements and integer times are read', () => {
    const value = packedValue(plainValue(1))
    const blob = fromHex(`9194cd0400${toHex(value)}c41002001000c00002010000000000000000cd0800`)
    const [record] = unpackRecords(blob).records
    assert.deepEqual(record?.created, { clock: 'steady', ns: 0x400n })
    assert.deepEqual(record?.expires, { clock: 'steady', ns: 0x800n })
    assert.equal(record?.from?.toString(), '192.0.2.1:4096')
  })

  it('that cannot be read are skipped, each alone', () => {
    const bad = [
      '01',
      '90',
      '9100',
      '92c080',
      `94d6ff00000000${toHex(packedValue(plainValue(2)))}c4050200100000d6ff00000000`,
      `94d6ff00000000${toHex(packedValue(plainValue(2)))}c481${'02'.repeat(129)}d6ff00000000`,
      `94d6ff00000000${toHex(packedValue(plainValue(2)))}01d6ff00000000`,
    ]
    const blob = fromHex(`dc000${(bad.length + 2).toString(16)}${good}${bad.join('')}${good}`)
    const { records, skipped } = unpackRecords(blob)
    assert.equal(records.length, 2)
    assert.equal(skipped, bad.length)
  })

  it('that break off lose only the rest', () => {
    const blob = fromHex(`93${good}${good}${good}`)
    const { records, skipped } = unpackRecords(blob.subarray(0, blob.length - 3))
    assert.equal(records.length, 2)
    assert.equal(skipped, 1)
    for (const hex of ['', 'c0', 'dd7fffffff', 'ddffffffff0000', '81']) {
      assert.deepEqual(unpackRecords(fromHex(hex)), { records: [], skipped: 1 })
    }
  })

  it('nested too deeply are skipped', () => {
    const { skipped } = unpackRecords(fromHex(`91${'91'.repeat(2000)}00`))
    assert.equal(skipped, 1)
  })
})

describe('a state', () => {
  const nodes = [{ id: KEY, address: PEER }]

  it('survives the way to a file and back', () => {
    const values = [{ key: KEY, data: Uint8Array.of(0x90) }]
    const state = unpackState(packState({ id: OTHER_KEY, nodes, values }))
    assert.ok(state.id?.equals(OTHER_KEY))
    assert.deepEqual(toHex(packNodes(state.nodes)), toHex(packNodes(nodes)))
    assert.deepEqual(toHex(packValues(state.values)), toHex(packValues(values)))
    assert.deepEqual(unpackState(packState({ id: undefined, nodes: [], values: [] })), {
      id: undefined,
      nodes: [],
      values: [],
    })
  })

  it('of another version, and what is no state, is refused', () => {
    assert.throws(() => unpackState(fromHex('81a17602')), /version 1/)
    for (const hex of ['', '90', 'c0', 'ff'])
      assert.throws(() => unpackState(fromHex(hex)), WireError)
  })

  it('with other keys, or cut off, gives what can be read', () => {
    const whole = packState({ id: KEY, nodes, values: [] })
    const extra = fromHex(`85${toHex(whole).slice(2)}a3666f6fc0`)
    assert.equal(unpackState(extra).nodes.length, 1)
    for (let length = 9; length < whole.length; length++) {
      const state = unpackState(whole.subarray(0, length))
      assert.ok(state.id === undefined || state.id.equals(KEY))
    }
    assert.equal(unpackState(whole.subarray(0, whole.length - 4)).nodes.length, 1)
  })

  it('leaves out nodes that cannot be read', () => {
    const good = toHex(packNodes(nodes)).slice(2)
    const zero = good.replace(KEY.toString(), '0'.repeat(40))
    const noAddress = `81a26964c414${KEY}`
    const longAddress = `82a26964c414${KEY}a461646472c481${'02'.repeat(129)}`
    const shortId = good.replace(`c414${KEY}`, `c413${KEY.toString().slice(2)}`)
    const hex = `97${good}${zero}${noAddress}${longAddress}${shortId}01${good}`
    assert.equal(unpackNodes(fromHex(hex)).length, 2)
  })

  it('leaves out values that cannot be read', () => {
    const good = `92c414${KEY}c40190`
    const values = unpackValues(fromHex(`95${good}00${`92c40100c40190`}91c414${KEY}${good}`))
    assert.equal(values.length, 2)
  })
})

describe('values taken to another node', () => {
  function exported(): {
    kit: StorageKit
    from: (format?: 'old' | 'new') => ReturnType<typeof exportValues>
  } {
    const kit = new StorageKit()
    kit.advance(30 * MINUTE)
    const { storage, now } = kit
    storage.put(KEY, plainValue(1), { from: PEER, now, createdAt: now - 2 * MINUTE })
    storage.put(OTHER_KEY, plainValue(2), { from: PEER, now })
    storage.putLocal(KEY, plainValue(3), { now })
    storage.putLocal(KEY, plainValue(4), { now, permanent: true })
    const from = (format?: 'old' | 'new') =>
      exportValues(storage, { wallOffsetMs: WALL - now, format })
    return { kit, from }
  }

  it('keep wall times, addresses and ownership, but are not permanent', () => {
    const other = new StorageKit()
    other.advance(5000)
    // One minute of wall time passed.
    const wallOffsetMs = WALL + MINUTE - other.now
    const result = importValues(other.storage, exported().from(), { wallOffsetMs, now: other.now })
    assert.deepEqual(result, { imported: 4, skipped: 0 })
    const key = other.storage.find(KEY)!
    assert.equal(key.find(1n)?.createdAt, other.now - 3 * MINUTE)
    assert.equal(key.find(1n)?.expiresAt, other.now + 7 * MINUTE)
    assert.ok(key.find(1n)?.from?.equals(PEER))
    assert.equal(key.find(3n)?.isLocal, true)
    assert.equal(key.find(4n)?.isPermanent, false)
    assert.equal(key.find(4n)?.expiresAt, other.now + 9 * MINUTE)
  })

  it('come in the order of their keys, and nothing comes of keys without values', () => {
    const keys = exported()
      .from()
      .map(({ key }) => key.toString())
    assert.deepEqual(keys, [KEY.toString(), OTHER_KEY.toString()].sort())
  })

  it('in the old format count on the clock of the node', () => {
    const { kit, from } = exported()
    const values = from('old')
    kit.storage.remove(KEY, 1n, kit.now)
    kit.storage.remove(KEY, 3n, kit.now)
    const result = importValues(kit.storage, values, { wallOffsetMs: 0, now: kit.now })
    assert.deepEqual(result, { imported: 2, skipped: 2 }, 'what is there stays as it is')
    assert.equal(kit.storage.find(KEY)?.find(1n)?.createdAt, 28 * MINUTE)
  })

  it('are not imported when they are over', () => {
    const { storage, now } = new StorageKit()
    const wallOffsetMs = WALL + 9 * MINUTE
    const result = importValues(storage, exported().from(), { wallOffsetMs, now })
    assert.deepEqual(result, { imported: 3, skipped: 1 })
    assert.equal(storage.stats.refused.expired, 1)
  })

  it('live no longer than their type allows, and count from now when made in the future', () => {
    const record: ValueRecord = {
      created: { clock: 'wall', ns: BigInt(WALL + 5 * MINUTE) * MS },
      value: packedValue(plainValue(1)),
      from: undefined,
      expires: { clock: 'wall', ns: FOREVER_NS },
    }
    const data = written((it) => packRecords(it, [record], 'new'))
    const { storage, now } = new StorageKit()
    importValues(storage, [{ key: KEY, data }], { wallOffsetMs: WALL, now })
    assert.equal(storage.find(KEY)?.find(1n)?.createdAt, now)
    assert.equal(storage.find(KEY)?.find(1n)?.expiresAt, now + 10 * MINUTE)
  })

  it('are skipped when they are no values, without id, or under no key', () => {
    const { storage, now } = new StorageKit()
    const time = { clock: 'wall', ns: BigInt(WALL) * MS } as const
    const record = (value: Uint8Array): ValueRecord => ({
      created: time,
      value,
      from: undefined,
      expires: undefined,
    })
    const records = [fromHex('80'), packedValue(plainValue(0)), packedValue(plainValue(1))].map(
      record,
    )
    const data = written((it) => packRecords(it, records, 'new'))
    const zero = new InfoHash()
    const exports = [KEY, zero].map((key) => ({ key, data }))
    const result = importValues(storage, exports, { wallOffsetMs: WALL, now })
    assert.deepEqual(result, { imported: 1, skipped: 5 })
  })

  it('respect the limits of the storage', () => {
    const { storage, now } = new StorageKit({ limits: { maxBytes: 0 } })
    const result = importValues(storage, exported().from(), { wallOffsetMs: WALL, now })
    assert.deepEqual(result, { imported: 2, skipped: 2 })
    assert.equal(storage.remoteBytes, 0)
  })
})
