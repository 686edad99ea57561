// SPDX-License-Identifier: MIT
// Fields that several messages have, as the encoder writes them: each with its key.

import type { SocketAddress } from '../id/socket-address.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'

/** What a get answers with: inline values, sizes of values that follow in fragments, or fields. */
export type Answer =
  | { readonly kind: 'values'; readonly packed: readonly Uint8Array[] }
  | { readonly kind: 'sizes'; readonly packed: readonly Uint8Array[] }
  | { readonly kind: 'fields'; readonly write: (writer: MsgpackWriter) => void }

const ZEROS = new Uint8Array(255)

/** `padding` zeros under a key that means nothing. */
export function pad(w: MsgpackWriter, padding: number): void {
  if (padding === 0) return
  w.key('pad')
  w.binary(ZEROS.subarray(0, padding))
}

/** `sa`: the receiver's address as we see it. */
export function writeAddress(w: MsgpackWriter, to: SocketAddress): void {
  w.key('sa')
  w.binaryHeader(to.ipBytes)
  to.writeIp(w.target, w.position)
  w.position += to.ipBytes
}

export function writeIds(w: MsgpackWriter, key: 're' | 'exp', ids: readonly bigint[]): void {
  w.key(key)
  w.arrayHeader(ids.length)
  for (const id of ids) w.uint64(id)
}

export function writeAnswer(w: MsgpackWriter, answer: Answer): void {
  if (answer.kind !== 'fields') return writeValues(w, answer)
  // The misspelling is the protocol.
  w.key('fileds')
  answer.write(w)
}

export function writeValues(w: MsgpackWriter, answer: Answer & { kind: 'values' | 'sizes' }): void {
  w.key('values')
  w.arrayHeader(answer.packed.length)
  for (const packed of answer.packed) {
    if (answer.kind === 'values') w.raw(packed)
    else w.unsigned(packed.length)
  }
}
