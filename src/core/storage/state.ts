// SPDX-License-Identifier: MIT
// What a node writes when it stops and reads when it starts: its id, good nodes and stored values
// (spec node behaviour, section 11). Formats only; when nodes and values come in, their owners
// apply their own limits. Files may be damaged or hostile.
//
//   state    { v: 1, id, nodes: [node, …], values: [[key, blob], …] }
//   node     { id, addr: sockaddr }, in this order
//   blob     the records of one key (see value-records)

import { MAX_CACHED_NODES } from '../constants.ts'
import { WireError } from '../errors.ts'
import type { NodeExport } from '../events.ts'
import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import { fromUtf8 } from '../util/bytes.ts'
import { packSockaddr, readSockaddr } from '../value/sockaddr.ts'
import { MsgpackReader } from '../wire/msgpack-reader.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { eachItem } from './value-records.ts'

/** The stored values of one key. */
export interface ValuesExport {
  readonly key: InfoHash
  /** Records in any of the formats; a view of what was read. */
  readonly data: Uint8Array
}

/** The content of a state file. */
export interface NodeState {
  /** Undefined only in a damaged file. */
  readonly id: InfoHash | undefined
  readonly nodes: readonly NodeExport[]
  readonly values: readonly ValuesExport[]
}

const VERSION = 1
const MAX_SOCKADDR_BYTES = 128

const BAD_VERSION = new WireError(`State is not of version ${VERSION}`)
const BAD_NODE = new WireError('Exported node is malformed')
const BAD_HASH = new WireError('Id is not 20 bytes long')

/** The bytes of a state file. */
export function packState(state: NodeState): Uint8Array {
  const writer = new MsgpackWriter(4096)
  writer.mapHeader(state.id === undefined ? 3 : 4)
  writer.key('v')
  writer.unsigned(VERSION)
  if (state.id !== undefined) {
    writer.key('id')
    writer.hash(state.id)
  }
  writer.key('nodes')
  writeNodes(writer, state.nodes)
  writer.key('values')
  writeValues(writer, state.values)
  return writer.take()
}

/**
 * Reads a state. Entries that cannot be read are left out, also at the end of a file that breaks
 * off. Throws WireError when the bytes are no state at all, or one of another version.
 */
export function unpackState(bytes: Uint8Array): NodeState {
  const reader = new MsgpackReader(bytes)
  const state: { -readonly [K in keyof NodeState]: NodeState[K] } = {
    id: undefined,
    nodes: [],
    values: [],
  }
  const entries = reader.mapHeader()
  try {
    for (let left = entries; left > 0; left--) readEntry(reader, state)
  } catch (error) {
    if (!(error instanceof WireError) || error === BAD_VERSION) throw error
  }
  return state
}

/** An array of nodes, as peers exchange it outside a state too. */
export function packNodes(nodes: readonly NodeExport[]): Uint8Array {
  const writer = new MsgpackWriter(64 * nodes.length + 8)
  writeNodes(writer, nodes)
  return writer.take()
}

/** Leaves out what cannot be read, and what is beyond the nodes that we would keep. */
export function unpackNodes(bytes: Uint8Array): NodeExport[] {
  return readNodes(new MsgpackReader(bytes))
}

/** An array of the values of several keys. */
export function packValues(values: readonly ValuesExport[]): Uint8Array {
  const writer = new MsgpackWriter(4096)
  writeValues(writer, values)
  return writer.take()
}

/** Leaves out what cannot be read. */
export function unpackValues(bytes: Uint8Array): ValuesExport[] {
  return readValues(new MsgpackReader(bytes))
}

function writeNodes(writer: MsgpackWriter, nodes: readonly NodeExport[]): void {
  writer.arrayHeader(nodes.length)
  for (const { id, address } of nodes) {
    writer.mapHeader(2)
    writer.key('id')
    writer.hash(id)
    writer.key('addr')
    writer.binary(packSockaddr(address))
  }
}

function writeValues(writer: MsgpackWriter, values: readonly ValuesExport[]): void {
  writer.arrayHeader(values.length)
  for (const { key, data } of values) {
    writer.arrayHeader(2)
    writer.hash(key)
    writer.binary(data)
  }
}

function readEntry(
  reader: MsgpackReader,
  state: { -readonly [K in keyof NodeState]: NodeState[K] },
): void {
  switch (reader.string(fromUtf8)) {
    case 'v':
      if (reader.unsigned(Number.MAX_VALUE) !== VERSION) throw BAD_VERSION
      return
    case 'id':
      state.id = readHash(reader)
      return
    case 'nodes':
      state.nodes = readNodes(reader)
      return
    case 'values':
      state.values = readValues(reader)
      return
    default:
      reader.skip()
  }
}

function readNodes(reader: MsgpackReader): NodeExport[] {
  const nodes: NodeExport[] = []
  eachItem(reader, (item) => {
    if (nodes.length < MAX_CACHED_NODES) nodes.push(readNode(item))
  })
  return nodes
}

function readNode(reader: MsgpackReader): NodeExport {
  let id: InfoHash | undefined
  let address: NodeExport['address'] | undefined
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = reader.string(fromUtf8)
    if (key === 'id') id = readHash(reader)
    else if (key === 'addr') {
      reader.binary()
      const { source, offset, length } = reader
      if (length > MAX_SOCKADDR_BYTES) throw BAD_NODE
      address = readSockaddr(source.subarray(offset, offset + length))
    } else reader.skip()
  }
  if (id === undefined || id.isZero || address === undefined) throw BAD_NODE
  return { id, address }
}

function readValues(reader: MsgpackReader): ValuesExport[] {
  const values: ValuesExport[] = []
  eachItem(reader, (item) => {
    if (item.arrayHeader() < 2) throw BAD_HASH
    const key = readHash(item)
    item.binary()
    values.push({ key, data: item.source.subarray(item.offset, item.offset + item.length) })
  })
  return values
}

function readHash(reader: MsgpackReader): InfoHash {
  reader.binary()
  if (reader.length !== HASH_BYTES) throw BAD_HASH
  return InfoHash.fromBytes(reader.source, reader.offset)
}
