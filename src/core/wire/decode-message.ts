// SPDX-License-Identifier: MIT
// Datagram to Message (spec wire, sections 1 to 8). Strict per field like upstream: a known key of
// the wrong type makes the whole datagram invalid. Throws WireError and nothing else.

import { WireError } from '../errors.ts'
import { HASH_BYTES, type InfoHash, ZERO_HASH } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import { EMPTY_BYTES } from '../util/bytes.ts'
import { unpackQuery } from '../value/query-codec.ts'
import { compactNodeBytes } from './compact-nodes.ts'
import { Kind, type Message, type Span, WANT_IPV4, WANT_IPV6 } from './message.ts'
import type { MsgpackReader } from './msgpack-reader.ts'

const BAD_ID = new WireError('An id or hash is not 20 bytes of bin')
const BAD_TID = new WireError('A transaction id is longer than 4 bytes')
const BAD_NODES = new WireError('A list of nodes is cut off')
const BAD_KIND = new WireError('A request has another kind than q')
const UNKNOWN = new WireError('The kind of the message is unknown')

const MAX_UINT32 = 0xffff_ffff

/** Longer keys have no number code. */
const MAX_CODED = 6

/**
 * Keys up to six bytes as numbers: comparing them needs neither strings nor tables. Starts with 1,
 * so that zero bytes count.
 */
function code(text: string): number {
  let value = 1
  for (let i = 0; i < text.length; i++) value = value * 256 + text.charCodeAt(i)
  return value
}

const T = code('t')
const Y = code('y')
const Q = code('q')
const A = code('a')
const R = code('r')
const E = code('e')
const P = code('p')
const U = code('u')
const V = code('v')
const N = code('n')
const S = code('s')
const ID = code('id')
const H = code('h')
const W = code('w')
const C = code('c')
const TARGET = code('target')
const TOKEN = code('token')
const VALUES = code('values')
const FILEDS = code('fileds')
const VID = code('vid')
const SID = code('sid')
const VE = code('ve')
const N4 = code('n4')
const N6 = code('n6')
const SA = code('sa')
const EXP = code('exp')
const RE = code('re')
const O = code('o')
const D = code('d')

const PING = code('ping')
const FIND = code('find')
const GET = code('get')
const PUT = code('put')
const LISTEN = code('listen')
const UPDATE = code('update')
/** Longer than a number code can hold. */
const REFRESH = 'refresh'

/** Which of the deciding keys were seen. */
const HAS_R = 1
const HAS_E = 2
const HAS_P = 4
const HAS_U = 8

/** Whether it begins as all known nodes begin a request: a short map with the key `a` or `q`. */
export function looksLikeRequest(datagram: Uint8Array): boolean {
  return datagram[1] === 0xa1 && (datagram[2] === 0x61 || datagram[2] === 0x71)
}

/** Fills `message` from the whole of `datagram`. Bytes after the map are ignored. */
export function decodeMessage(message: Message, datagram: Uint8Array): void {
  clear(message, datagram)
  const reader = message.reader
  let seen = 0
  let request: Kind = Kind.Unknown
  let marked = Q
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = readKey(reader)
    if (key === T) message.tid = readTid(reader)
    else if (key === Y) marked = readName(reader)
    else if (key === Q) request = readRequestName(reader)
    else if (key === A) readContent(message)
    else if (key === R) {
      readContent(message)
      seen |= HAS_R
    } else if (key === U) {
      readContent(message)
      seen |= HAS_U
    } else if (key === E) {
      readError(message)
      seen |= HAS_E
    } else if (key === P) {
      readFragments(message)
      seen |= HAS_P
    } else if (key === V) readName(reader)
    else if (key === N) message.network = reader.unsigned(MAX_UINT32)
    else if (key === S) message.isClient = reader.boolean()
    else reader.skip()
  }
  message.kind = chooseKind(seen, request, marked)
}

/**
 * Calls `piece` for every fragment of a Fragment message: index of the value, byte offset, and the
 * data as a view into the datagram.
 */
export function eachFragment(
  message: Message,
  piece: (index: number, offset: number, data: Uint8Array) => void,
): void {
  const reader = message.reader
  reader.reset(message.source, message.fragmentsOffset, message.source.length)
  for (let left = message.fragmentCount; left > 0; left--) {
    const index = reader.unsigned(MAX_UINT32)
    let offset = 0
    let data: Uint8Array = EMPTY_BYTES
    for (let entries = reader.mapHeader(); entries > 0; entries--) {
      const key = readKey(reader)
      if (key === O) offset = reader.unsigned(MAX_UINT32)
      else if (key === D) data = reader.looseBytes()
      else reader.skip()
    }
    piece(index, offset, data)
  }
}

function clear(message: Message, datagram: Uint8Array): void {
  message.source = datagram
  message.reader.reset(datagram, 0, datagram.length)
  message.tid = 0
  message.network = 0
  message.isClient = false
  message.id.clear()
  message.hash.clear()
  message.target.clear()
  message.want = -1
  message.token = EMPTY_BYTES
  message.valueId = undefined
  message.socketId = 0
  message.version = 0
  message.created = undefined
  message.query = undefined
  message.valueCount = -1
  message.hasSizes = false
  message.parts = undefined
  message.fieldsOffset = -1
  message.expired = undefined
  message.refreshed = undefined
  message.nodes4.length = -1
  message.nodes6.length = -1
  message.ownAddress.length = -1
  message.errorCode = 0
  message.fragmentCount = 0
}

function chooseKind(seen: number, request: Kind, marked: number): Kind {
  if (seen & HAS_E) return Kind.Error
  if (seen & HAS_R) return Kind.Reply
  if (seen & HAS_P) return Kind.Fragment
  if (seen & HAS_U) return Kind.Push
  if (marked !== Q) throw BAD_KIND
  if (request === Kind.Unknown) throw UNKNOWN
  return request
}

/** The map under `a`, `r` or `u`: they share one set of keys. */
function readContent(message: Message): void {
  const reader = message.reader
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = readKey(reader)
    if (key === ID) readHash(reader, message.id)
    else if (key === H) readHash(reader, message.hash)
    else if (key === TARGET) readHash(reader, message.target)
    else if (key === TOKEN) message.token = reader.looseBytes()
    else if (key === Q) message.query = unpackQuery(reader)
    else if (key === W) readWant(message)
    else if (key === VALUES) readValues(message)
    else if (key === FILEDS) readFields(message)
    else readSmallField(message, key)
  }
}

function readSmallField(message: Message, key: number): void {
  const reader = message.reader
  if (key === SA) readOwnAddress(message)
  else if (key === N4) readNodes(reader, message.nodes4, 4)
  else if (key === N6) readNodes(reader, message.nodes6, 6)
  else if (key === C) message.created = reader.integer()
  else if (key === VID) message.valueId = reader.uint64()
  else if (key === SID) message.socketId = readTid(reader)
  else if (key === VE) message.version = reader.integer()
  else if (key === EXP) message.expired = readIds(reader)
  else if (key === RE) message.refreshed = readIds(reader)
  else reader.skip()
}

/** Number code of the next map key; -1 for keys that are not short text, which are skipped. */
function readKey(reader: MsgpackReader): number {
  const { source, position } = reader
  // Nearly always: a length below 32 in the tag itself.
  const length = reader.peek() - 0xa0
  if (length >= 0 && length <= MAX_CODED && position + length < reader.end) {
    let value = 1
    for (let i = 1; i <= length; i++) value = value * 256 + source[position + i]!
    reader.position = position + 1 + length
    return value
  }
  if (!reader.nextIsText) {
    reader.skip()
    return -1
  }
  reader.text()
  return spanCode(reader)
}

function spanCode(reader: MsgpackReader): number {
  if (reader.length > MAX_CODED) return -1
  let value = 1
  for (let i = 0; i < reader.length; i++) value = value * 256 + reader.source[reader.offset + i]!
  return value
}

/** A short name; bin is accepted like str, as upstream does. */
function readName(reader: MsgpackReader): number {
  if (reader.nextIsBinary) reader.binary()
  else reader.text()
  return spanCode(reader)
}

function readRequestName(reader: MsgpackReader): Kind {
  const name = readName(reader)
  if (name >= 0) return requestOf(name)
  if (reader.length !== REFRESH.length) return Kind.Unknown
  for (let i = 0; i < REFRESH.length; i++) {
    if (reader.source[reader.offset + i] !== REFRESH.charCodeAt(i)) return Kind.Unknown
  }
  return Kind.Refresh
}

/** Not by a table: the codes are too large to be looked up without making objects of them. */
function requestOf(name: number): Kind {
  if (name === GET) return Kind.Get
  if (name === FIND) return Kind.Find
  if (name === PING) return Kind.Ping
  if (name === PUT) return Kind.Put
  if (name === LISTEN) return Kind.Listen
  return name === UPDATE ? Kind.Update : Kind.Unknown
}

/** An integer, or up to four bytes padded with zeros on the right (very old peers). */
function readTid(reader: MsgpackReader): number {
  if (!reader.nextIsBinary && !reader.nextIsText) return reader.unsigned(MAX_UINT32)
  if (reader.nextIsBinary) reader.binary()
  else reader.text()
  if (reader.length > 4) throw BAD_TID
  let tid = 0
  for (let i = 0; i < 4; i++) {
    tid = tid * 256 + (i < reader.length ? reader.source[reader.offset + i]! : 0)
  }
  return tid
}

function readHash(reader: MsgpackReader, hash: InfoHash): void {
  reader.binary()
  if (reader.length !== HASH_BYTES) throw BAD_ID
  hash.load(reader.source, reader.offset)
}

/** Address-family numbers of the sender's system: 2 is IPv4; 10, 23, 24, 28 and 30 are IPv6. */
function readWant(message: Message): void {
  const reader = message.reader
  message.want = 0
  for (let left = reader.arrayHeader(); left > 0; left--) {
    if (!reader.nextIsUnsigned) {
      reader.skip()
      continue
    }
    const family = reader.unsigned(Number.MAX_VALUE)
    if (family === 2) message.want |= WANT_IPV4
    else if (family === 10 || family === 23 || family === 24 || family === 28 || family === 30) {
      message.want |= WANT_IPV6
    }
  }
}

function readValues(message: Message): void {
  const reader = message.reader
  message.valueCount = reader.arrayHeader()
  message.valuesOffset = reader.position
  message.hasSizes = false
  for (let left = message.valueCount; left > 0; left--) {
    if (reader.nextIsUnsigned) message.hasSizes = true
    reader.skip()
  }
}

function readFields(message: Message): void {
  const reader = message.reader
  message.fieldsOffset = reader.position
  if (!reader.nextIsMap) reader.mapHeader()
  reader.skip()
}

function readOwnAddress(message: Message): void {
  const reader = message.reader
  reader.binary()
  if (reader.length !== 4 && reader.length !== 16) return
  message.ownAddress.offset = reader.offset
  message.ownAddress.length = reader.length
}

/** A list that is cut off makes the message count as lost. */
function readNodes(reader: MsgpackReader, span: Span, family: Family): void {
  // A view at most: the array form, which nobody is known to send, is refused by `binary`.
  if (reader.nextIsText) reader.text()
  else reader.binary()
  if (reader.length % compactNodeBytes(family) !== 0) throw BAD_NODES
  span.offset = reader.offset
  span.length = reader.length
}

function readIds(reader: MsgpackReader): bigint[] {
  const ids: bigint[] = []
  for (let left = reader.arrayHeader(); left > 0; left--) ids.push(reader.uint64())
  return ids
}

function readError(message: Message): void {
  const reader = message.reader
  const items = reader.arrayHeader()
  if (items >= 1) message.errorCode = reader.unsigned(MAX_UINT32)
  for (let left = items - 1; left > 0; left--) reader.skip()
}

function readFragments(message: Message): void {
  const reader = message.reader
  message.fragmentCount = reader.mapHeader()
  message.fragmentsOffset = reader.position
  for (let left = 2 * message.fragmentCount; left > 0; left--) reader.skip()
}

/** True when the message names a sender that can take part. */
export function hasSender(message: Message): boolean {
  return !message.id.equals(ZERO_HASH)
}
