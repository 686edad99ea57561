// SPDX-License-Identifier: MIT
// State files and exported values of both versions of the C++ implementation: read, and written
// again to the same bytes.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  packNodes,
  packState,
  packValues,
  unpackNodes,
  unpackState,
  unpackValues,
  type ValuesExport,
} from '../../src/core/storage/state.ts'
import {
  packRecords,
  type RecordFormat,
  unpackRecords,
  type ValueRecord,
} from '../../src/core/storage/value-records.ts'
import { exportValues, importValues } from '../../src/core/storage/value-transfer.ts'
import { defaultTypes } from '../../src/core/value/default-types.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { StorageKit } from '../support/storage-kit.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface StateVectors {
  unix_time_at_export: number
  exported_nodes: string
  exported_values: string
  /**
   * Per key: its id and records of created, value and, in the new format, address and expiration.
   */
  exported_values_decoded: [
    string,
    [bigint | number | { ext: [number, string] }, { id: number }][],
  ][]
  state_file: string
}

const FORMATS: [string, RecordFormat][] = [
  ['2.4.12', 'old'],
  ['4.3.1', 'new'],
]

const KEY = 'd060d90f5b882a6501037b150354a5e8273998ba'
const IDS = [1, 3, 20, 30, 31, 32, 33]
const SECOND_NS = 1_000_000_000n

function repack({ key, data }: ValuesExport, format: RecordFormat): ValuesExport {
  const { records, skipped } = unpackRecords(data)
  assert.equal(skipped, 0)
  const writer = new MsgpackWriter()
  packRecords(writer, records, format)
  return { key, data: writer.take() }
}

for (const [version, format] of FORMATS) {
  suite(`state of ${version}`, () => {
    const vectors = loadVectors<StateVectors>(`core/state-${version}`)
    const exported = fromHex(vectors.exported_values)
    // The recorded second had begun.
    const wallMs = 1000 * vectors.unix_time_at_export + 999
    const records: ValueRecord[] = unpackValues(exported).flatMap(
      ({ data }) => unpackRecords(data).records,
    )

    test('values are read', () => {
      assert.deepEqual(
        unpackValues(exported).map(({ key }) => key.toString()),
        [KEY],
      )
      assert.deepEqual(
        records.map(({ value }) => Number(unpackValueBytes(value).id)),
        IDS,
      )
      const isNew = format === 'new'
      for (const [index, { created, expires, from }] of records.entries()) {
        const [recorded] = vectors.exported_values_decoded[0]![1][index]!
        assert.equal(created.clock, isNew ? 'wall' : 'steady')
        if (!isNew) assert.equal(created.ns, BigInt(recorded as number))
        else assert.equal(created.ns / SECOND_NS, seconds(recorded as { ext: [number, string] }))
        assert.equal(expires && expires.ns - created.ns, isNew ? 600n * SECOND_NS : undefined)
        assert.equal(from?.host, isNew ? '127.0.0.1' : undefined)
      }
    })

    test('nodes, values and state file are written to the same bytes', () => {
      assert.equal(
        toHex(packNodes(unpackNodes(fromHex(vectors.exported_nodes)))),
        vectors.exported_nodes,
      )
      const values = unpackValues(exported).map((it) => repack(it, format))
      assert.equal(toHex(packValues(values)), vectors.exported_values)
      const state = unpackState(fromHex(vectors.state_file))
      assert.equal(state.id?.toString(), 'c39bb383fb741bca668ba12846bdbed24b1583a3')
      assert.equal(toHex(packNodes(state.nodes)), vectors.exported_nodes)
      const again = { ...state, values: state.values.map((it) => repack(it, format)) }
      assert.equal(toHex(packState(again)), vectors.state_file)
    })

    test('values come back from a storage as they went in, to the millisecond', () => {
      const kit = new StorageKit({ types: defaultTypes() })
      // The old format speaks of a clock that started less than an hour before.
      kit.advance(2_000_000)
      const wallOffsetMs = wallMs - kit.now
      const options = { wallOffsetMs, now: kit.now }
      const result = importValues(kit.storage, unpackValues(exported), options)
      assert.deepEqual(result, { imported: IDS.length, skipped: 0 })
      assert.equal(kit.storage.remoteBytes > 0, format === 'new', 'old values have no address')

      const back = unpackRecords(
        exportValues(kit.storage, { wallOffsetMs, format })[0]!.data,
      ).records
      assert.equal(back.length, records.length)
      for (const [index, record] of back.entries()) {
        const original = records[index]!
        assert.equal(toHex(record.value), toHex(original.value))
        assert.equal(record.from?.toString(), original.from?.toString())
        assert.equal(record.created.clock, original.created.clock)
        assert.equal(record.created.ns, toMs(original.created.ns))
        assert.equal(record.expires?.ns, original.expires && toMs(original.expires.ns))
      }
    })
  })
}

function seconds({ ext: [, hex] }: { ext: [number, string] }): bigint {
  return BigInt(`0x${hex}`) & 0x3_ffff_ffffn
}

function toMs(ns: bigint): bigint {
  return (ns / 1_000_000n) * 1_000_000n
}
