// SPDX-License-Identifier: MIT
// Reads what a C++ proxy wrote when it ended (spec proxy, section 6), so that its clients notice
// nothing of the change. Files may be damaged.
//
//   state      { puts: { key: [{ id: put, … }] },
//                pushListeners: { token: [{ key: [listener, …] }] } }
//   put        { value, exp, cid?, sid?, t?, token?, top? }
//   listener   { cid, exp, sid, t, top? }

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { DhtError, WireError } from '../../../core/errors.ts'
import { HASH_BYTES, InfoHash } from '../../../core/id/info-hash.ts'
import type { Log } from '../../../core/ports.ts'
import { fromUtf8 } from '../../../core/util/bytes.ts'
import { unpackValue } from '../../../core/value/unpack-value.ts'
import type { Value } from '../../../core/value/value.ts'
import { MsgpackReader } from '../../../core/wire/msgpack-reader.ts'
import type { Clock } from './clock.ts'
import type { ProxyStore } from './proxy-store.ts'
import { type Platform, type PushTarget, recordId, type StoredRecord } from './records.ts'

/** By the number that stands for it. */
const PLATFORM_NUMBERS: readonly Platform[] = ['none', 'android', 'ios', 'unifiedpush']
/** Who they are from is not in the file. */
const COMMON = { isNoticed: false, address: 'imported' }

/**
 * Writes the records of a file to the store, unless that was done before, or there is no file.
 * Records that the store has already are newer. Rejects with ERR_DHT_STATE for what is no state.
 */
export async function importStateFile(
  path: string,
  { store, clock, log }: { store: ProxyStore; clock: Clock; log?: Log | undefined },
): Promise<void> {
  const bytes = await readIfThere(path)
  if (bytes === undefined) return
  const done = `imported ${createHash('sha256').update(bytes).digest('hex')}`
  if ((await store.note(done)) !== undefined) return
  const records = unpackUpstreamState(bytes, path)
  let count = 0
  for (const record of records) {
    if (record.expiresAt <= clock.now()) continue
    if ((await store.read(recordId(record))) !== undefined) continue
    await store.write(record)
    count++
  }
  await store.noteOnce(done, `${count} records`)
  log?.write('warning', `Took over ${count} subscriptions and permanent puts of ${path}`)
}

/** Throws ERR_DHT_STATE when `bytes` are no such state. `path` is for the message. */
export function unpackUpstreamState(bytes: Uint8Array, path: string): StoredRecord[] {
  try {
    const reader = new MsgpackReader(bytes)
    const records: StoredRecord[] = []
    eachEntry(reader, (name) => {
      if (name === 'puts') readPuts(reader, records)
      else if (name === 'pushListeners') readListeners(reader, records)
      else reader.skip()
    })
    return records
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const message = `Cannot import ${path}: it is no state of a proxy (${error.message})`
    throw new DhtError('ERR_DHT_STATE', message, { cause: error })
  }
}

type Fields = Map<string, string | number | Value>

function readPuts(reader: MsgpackReader, records: StoredRecord[]): void {
  eachKey(reader, (key) => {
    eachItem(reader, () => {
      for (let left = reader.mapHeader(); left > 0; left--) {
        reader.uint64()
        const fields = readFields(reader)
        const value = fields.get('value')
        const expiresAt = expiryOf(fields)
        if (typeof value !== 'object' || expiresAt === undefined) continue
        const token = textOf(fields, 'token')
        // Without a platform the token is not in the file, and nobody can be notified.
        const target = token === '' ? undefined : targetOf(fields, token)
        records.push({ kind: 'put', key, value, target, expiresAt, ...COMMON })
      }
    })
  })
}

function readListeners(reader: MsgpackReader, records: StoredRecord[]): void {
  eachEntry(reader, (token) => {
    eachItem(reader, () => {
      eachKey(reader, (key) => {
        eachItem(reader, () => {
          const fields = readFields(reader)
          const expiresAt = expiryOf(fields)
          if (expiresAt === undefined || token === '') return
          records.push({
            kind: 'listen',
            key,
            target: targetOf(fields, token),
            expiresAt,
            ...COMMON,
          })
        })
      })
    })
  })
}

/** Texts, numbers, and a value; others are passed over. */
function readFields(reader: MsgpackReader): Fields {
  const fields: Fields = new Map()
  eachEntry(reader, (name) => {
    if (reader.nextIsText) fields.set(name, reader.string(fromUtf8))
    else if (reader.nextIsInteger) fields.set(name, reader.integer())
    else if (name === 'value') fields.set(name, unpackValue(reader))
    else reader.skip()
  })
  return fields
}

function targetOf(fields: Fields, token: string): PushTarget {
  return {
    platform: PLATFORM_NUMBERS[Number(fields.get('t') ?? 0)] ?? 'none',
    token,
    clientId: textOf(fields, 'cid'),
    sessionId: textOf(fields, 'sid'),
    topic: textOf(fields, 'top'),
  }
}

function textOf(fields: Fields, name: string): string {
  const text = fields.get(name)
  return typeof text === 'string' ? text : ''
}

function expiryOf(fields: Fields): number | undefined {
  const seconds = fields.get('exp')
  return typeof seconds === 'number' ? seconds * 1000 : undefined
}

function eachEntry(reader: MsgpackReader, read: (name: string) => void): void {
  for (let left = reader.mapHeader(); left > 0; left--) read(reader.string(fromUtf8))
}

function eachKey(reader: MsgpackReader, read: (key: InfoHash) => void): void {
  for (let left = reader.mapHeader(); left > 0; left--) {
    reader.binary()
    const { source, offset, length } = reader
    if (length !== HASH_BYTES) throw new WireError('Key is not 20 bytes long')
    read(InfoHash.fromBytes(source.slice(offset, offset + length)))
  }
}

function eachItem(reader: MsgpackReader, read: () => void): void {
  for (let left = reader.arrayHeader(); left > 0; left--) read()
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DhtError('ERR_DHT_STATE', `Cannot read ${path}: ${String(error)}`, { cause: error })
  }
}
