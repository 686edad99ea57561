// SPDX-License-Identifier: MIT
// Reads values (spec values, section 2). Parsing is into fields: what we serve later is our own
// encoding. Nothing of the result points into the datagram, which its owner reuses.

import { WireError } from '../errors.ts'
import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import type { ByteSlab } from '../util/byte-slab.ts'
import { equalBytes, fromUtf8, utf8 } from '../util/bytes.ts'
import { MsgpackReader } from '../wire/msgpack-reader.ts'
import { EntryNames } from './map-entries.ts'
import { readPublicKey } from './public-key.ts'
import { Value, type ValueInit } from './value.ts'

const INCOMPLETE = new WireError('Value lacks a required field')
const NOT_A_KEY = new WireError('Owner of the value is not a public key')
const NOT_SIGNED = new WireError('Value has an owner but no signature')
const NOT_A_HASH = new WireError('Recipient of the value is not an id')
const NOT_TEXT = new WireError('Type tag of the value is not UTF-8')

const MAX_SHORT_TEXT = 64

// One finder per level of nesting: reading is synchronous and values do not nest.
const valueEntries = new EntryNames('id', 'dat', 'p', 'pt')
const contentEntries = new EntryNames('body', 'sig')
const bodyEntries = new EntryNames('type', 'data', 'utype', 'owner', 'seq', 'to')

/**
 * Reads one value and leaves the reader behind it. Throws WireError for an invalid one; the
 * reader's position is undefined then, so callers find the next element with `skip`. The bytes of a
 * value that is soon forgotten may go to a slab.
 */
export function unpackValue(reader: MsgpackReader, slab?: ByteSlab): Value {
  const [id, content, priority, pushType] = valueEntries.find(reader)
  const end = reader.position
  const init: ValueInit = { id: enter(reader, id!).uint64() }
  if (priority! >= 0) init.priority = enter(reader, priority!).unsigned(0xffffffff)
  if (pushType! >= 0) init.pushType = readText(enter(reader, pushType!))
  readContent(enter(reader, content!), init, slab)
  reader.position = end
  return new Value(init)
}

/** Reads a value from bytes of their own. Bytes behind it are ignored. */
export function unpackValueBytes(bytes: Uint8Array): Value {
  return unpackValue(new MsgpackReader(bytes))
}

/**
 * Reads the content of a value alone, as it comes out of a decryption; `outer` gives what travels
 * beside the content (id, priority, push type).
 */
export function unpackContent(
  reader: MsgpackReader,
  outer: Pick<ValueInit, 'id' | 'priority' | 'pushType'> = {},
): Value {
  const { id, priority, pushType } = outer
  const init: ValueInit = { id, priority, pushType }
  readContent(reader, init)
  return new Value(init)
}

/** Fills `init`; the position of the reader is undefined afterwards. */
function readContent(reader: MsgpackReader, init: ValueInit, slab?: ByteSlab): void {
  if (reader.nextIsBinary) {
    init.cypher = readBytes(reader, slab)
    // As a plain value of type 0, which it would become by writing it again, nobody meant it.
    if (init.cypher.length === 0) throw INCOMPLETE
    return
  }
  const [body, signature] = contentEntries.find(reader)
  const [type, data, userType, owner] = bodyEntries.find(enter(reader, body!))
  init.type = enter(reader, type!).unsigned(0xffff)
  init.data = readBytes(enter(reader, data!), slab)
  if (userType! >= 0) init.userType = readText(enter(reader, userType!))
  // Without an owner, the signature and all that only makes sense with one is ignored.
  if (owner! >= 0) readSigned(reader, init, signature!)
}

function readSigned(reader: MsgpackReader, init: ValueInit, signature: number): void {
  const [, , , owner, seq, recipient] = bodyEntries.offsets
  init.seq = enter(reader, seq!).unsigned(0xffff)
  init.owner = readPublicKey(enter(reader, owner!).looseBytes())
  if (init.owner === undefined) throw NOT_A_KEY
  // An empty signature is as good as none: we could not write such a value again.
  if (signature >= 0) init.signature = readBytes(enter(reader, signature))
  if (init.signature === undefined || init.signature.length === 0) throw NOT_SIGNED
  if (recipient! >= 0) init.recipient = readRecipient(enter(reader, recipient!))
}

function readRecipient(reader: MsgpackReader): InfoHash | undefined {
  reader.binary()
  if (reader.length !== HASH_BYTES) throw NOT_A_HASH
  const hash = InfoHash.fromBytes(reader.source, reader.offset)
  return hash.isZero ? undefined : hash
}

/** A copy. Not by `slice`, which makes a view of some hosts' byte arrays. */
function readBytes(reader: MsgpackReader, slab?: ByteSlab): Uint8Array {
  const bytes = reader.looseBytes()
  return slab === undefined ? new Uint8Array(bytes) : slab.copy(bytes)
}

/** Text that turns into the same bytes again: anything else would break the signature. */
function readText(reader: MsgpackReader): string {
  const bytes = reader.looseBytes()
  // Nearly always short ASCII, for which starting a decoder is most of the cost.
  if (bytes.length <= MAX_SHORT_TEXT && isAscii(bytes)) {
    return String.fromCharCode.apply(null, bytes as unknown as number[])
  }
  const text = fromUtf8(bytes)
  if (!equalBytes(utf8(text), bytes)) throw NOT_TEXT
  return text
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false
  return true
}

/** Moves the reader to an entry that was looked up. */
function enter(reader: MsgpackReader, offset: number): MsgpackReader {
  if (offset < 0) throw INCOMPLETE
  reader.position = offset
  return reader
}
