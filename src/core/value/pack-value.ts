// SPDX-License-Identifier: MIT
// Writes values (spec values, section 2). The bytes of a body are what signatures cover, so its key
// order and integer forms are fixed; the order of the other maps merely follows the habit of peers.

import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import type { Value } from './value.ts'

/** More than all keys, headers and small numbers of one value take together. */
const ENVELOPE_BYTES = 160

/** Appends `value` as it travels between nodes. */
export function packValue(writer: MsgpackWriter, value: Value): void {
  writer.mapHeader(2 + (value.priority !== 0 ? 1 : 0) + (value.pushType !== '' ? 1 : 0))
  writer.key('id')
  writer.uint64(value.id)
  writer.key('dat')
  packContent(writer, value)
  if (value.priority !== 0) {
    writer.key('p')
    writer.unsigned(value.priority)
  }
  if (value.pushType !== '') {
    writer.key('pt')
    writer.text(value.pushType)
  }
}

/** The wire form of `value` in an array of its own. */
export function packedValue(value: Value): Uint8Array {
  const writer = writerFor(value)
  packValue(writer, value)
  return writer.take()
}

/** What `dat` holds; of a signed value, this is the plaintext that encryption takes. */
export function packContent(writer: MsgpackWriter, value: Value): void {
  if (value.isEncrypted) return writer.binary(value.cypher)
  writer.mapHeader(value.isSigned ? 2 : 1)
  writer.key('body')
  packBody(writer, value)
  if (value.isSigned) {
    writer.key('sig')
    writer.binary(value.signature)
  }
}

export function packBody(writer: MsgpackWriter, value: Value): void {
  const { owner, recipient } = value
  const hasRecipient = recipient !== undefined && !recipient.isZero
  const signedEntries = owner === undefined ? 0 : hasRecipient ? 3 : 2
  writer.mapHeader(signedEntries + 2 + (value.userType !== '' ? 1 : 0))
  if (owner !== undefined) {
    writer.key('seq')
    writer.unsigned(value.seq)
    writer.key('owner')
    writer.binary(owner)
    if (hasRecipient) {
      writer.key('to')
      writer.hash(recipient)
    }
  }
  writer.key('type')
  writer.unsigned(value.type)
  writer.key('data')
  writer.binary(value.data)
  if (value.userType !== '') {
    writer.key('utype')
    writer.text(value.userType)
  }
}

/** The bytes that a signature of `value` covers. */
export function toSignBytes(value: Value): Uint8Array {
  const writer = writerFor(value)
  packBody(writer, value)
  return writer.take()
}

function writerFor(value: Value): MsgpackWriter {
  return new MsgpackWriter(value.size + (value.owner?.length ?? 0) + ENVELOPE_BYTES)
}
