// SPDX-License-Identifier: MIT
// Instant messages as data of a value (type 3): a map of id, text and time (spec values, section
// 6.4). What is known of the sender comes from the signature of the value, not from here.

import { fromUtf8 } from '../../core/util/bytes.ts'
import { MsgpackReader } from '../../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../core/wire/msgpack-writer.ts'

export interface ImMessage {
  readonly id: bigint
  readonly text: string
  /** Seconds since 1970. */
  readonly sentAt: number
}

export function packImMessage({ id, text, sentAt }: ImMessage): Uint8Array {
  const writer = new MsgpackWriter()
  writer.mapHeader(6)
  writer.key('id')
  writer.uint64(id)
  writer.key('msg')
  writer.text(text)
  writer.key('date')
  writer.unsigned(sentAt)
  writer.key('status')
  writer.unsigned(0)
  writer.key('datatype')
  writer.text('')
  writer.key('metadatas')
  writer.mapHeader(0)
  return writer.take()
}

/** Undefined when the data holds none; unknown entries are passed over. */
export function readImMessage(data: Uint8Array): ImMessage | undefined {
  try {
    const reader = new MsgpackReader(data)
    let [id, text, sentAt] = [0n, '', 0]
    for (let left = reader.mapHeader(); left > 0; left--) {
      const name = reader.string(fromUtf8)
      if (name === 'id') id = reader.uint64()
      else if (name === 'msg') text = reader.string(fromUtf8)
      else if (name === 'date') sentAt = reader.integer()
      else reader.skip()
    }
    return { id, text, sentAt }
  } catch {
    return undefined // whatever it is, it is no message
  }
}
