// SPDX-License-Identifier: MIT
// What an index stores in the network: entries, and canaries, which say that a node of the trie
// exists. Both are values of type 0, told apart by their user types (spec PHT, section 4).

import { describeType } from '../api/key.ts'
import { WireError } from '../core/errors.ts'
import { HASH_BYTES, InfoHash } from '../core/id/info-hash.ts'
import { fromUtf8, toHex } from '../core/util/bytes.ts'
import { MAX_VALUE_ID, Value, type ValueId } from '../core/value/value.ts'
import { MsgpackReader } from '../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'
import { MAX_CONTENT_BYTES } from './key-spec.ts'

/** What an entry leads to: a key of the network, and the id of a value there, 0 for none. */
export interface IndexValue {
  readonly hash: InfoHash
  readonly id: ValueId
}

export interface IndexEntry extends IndexValue {
  /** The key in the trie. */
  readonly content: Uint8Array
}

/** The user types of one index. */
export interface IndexTypes {
  readonly entry: string
  readonly canary: string
}

/** Data of an entry beyond its key: names, headers, hash and id take less. */
const MAX_ENTRY_BYTES = MAX_CONTENT_BYTES + 128
const MAX_ENTRY_FIELDS = 8
const MAX_NAME_LENGTH = 200
const CANARY_SUFFIX = '.canary'

/** Throws TypeError or RangeError when `name` cannot be that of an index. */
export function indexTypes(name: string): IndexTypes {
  if (typeof name !== 'string') {
    throw new TypeError(`name must be a string: got ${describeType(name)}`)
  }
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw new RangeError(`name must have 1 to ${MAX_NAME_LENGTH} characters: got ${name.length}`)
  }
  if (name.endsWith(CANARY_SUFFIX)) {
    throw new RangeError(`name must not end with "${CANARY_SUFFIX}", which marks nodes: "${name}"`)
  }
  const entry = `index.pht.${name}`
  return { entry, canary: entry + CANARY_SUFFIX }
}

/** Throws TypeError or RangeError that names the wrong part. */
export function toIndexValue(input: { hash: InfoHash; id?: ValueId | undefined }): IndexValue {
  if (typeof input !== 'object' || input === null) {
    throw new TypeError(`value must be an object with hash and id: got ${describeType(input)}`)
  }
  const { hash, id = 0n } = input
  if (!(hash instanceof InfoHash)) {
    throw new TypeError(`value.hash must be an InfoHash: got ${describeType(hash)}`)
  }
  if (typeof id !== 'bigint') {
    throw new TypeError(`value.id must be a bigint: got ${describeType(id)}`)
  }
  if (id < 0n || id > MAX_VALUE_ID) {
    throw new RangeError(`value.id must be 0 to 2^64-1: got ${id}`)
  }
  return { hash, id }
}

export function packEntry(types: IndexTypes, { content, hash, id }: IndexEntry): Value {
  const writer = new MsgpackWriter(content.length + 64)
  writer.mapHeader(2)
  writer.key('prefix')
  writer.binary(content)
  writer.key('value')
  writer.arrayHeader(2)
  writer.hash(hash)
  writer.uint64(id)
  return new Value({ userType: types.entry, data: writer.take() })
}

/** Undefined when the data is none of an entry. */
export function unpackEntry(data: Uint8Array): IndexEntry | undefined {
  if (data.length > MAX_ENTRY_BYTES) return undefined
  try {
    return readEntry(new MsgpackReader(data))
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Entries with the same identity are copies of each other. */
export function identityOf({ content, hash, id }: IndexEntry): string {
  return `${toHex(content)} ${hash} ${id}`
}

function readEntry(reader: MsgpackReader): IndexEntry | undefined {
  let content: Uint8Array | undefined
  let value: IndexValue | undefined
  const count = reader.mapHeader()
  if (count > MAX_ENTRY_FIELDS) return undefined
  for (let left = count; left > 0; left--) {
    const name = reader.string(fromUtf8)
    if (name === 'prefix') content = new Uint8Array(reader.looseBytes())
    else if (name === 'value') value = readValue(reader)
    else reader.skip()
  }
  if (content === undefined || value === undefined) return undefined
  const isPossible = content.length > 0 && content.length <= MAX_CONTENT_BYTES
  return isPossible ? { content, ...value } : undefined
}

function readValue(reader: MsgpackReader): IndexValue | undefined {
  const count = reader.arrayHeader()
  if (count !== 2) throw new WireError('The value of an entry is no pair')
  const bytes = reader.looseBytes()
  const id = reader.uint64()
  return bytes.length === HASH_BYTES ? { hash: InfoHash.fromBytes(bytes), id } : undefined
}
