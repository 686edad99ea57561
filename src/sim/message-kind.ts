// SPDX-License-Identifier: MIT
// The kind of a datagram for traces, from the keys of its outermost map: nothing else is decoded.

import { MsgpackReader } from '../core/wire/msgpack-reader.ts'

/** What one of these keys makes of a message, most telling first. */
const MARKS: readonly [key: string, kind: string][] = [
  ['e', 'error'],
  ['r', 'reply'],
  ['p', 'fragment'],
  ['u', 'push'],
]

const decoder = new TextDecoder()

/** `ping`, `find`, `get`, `put`, `refresh`, `listen`, `update`, or one of the above; else `?`. */
export function messageKind(datagram: Uint8Array): string {
  try {
    return readKind(datagram)
  } catch {
    return '?'
  }
}

function readKind(datagram: Uint8Array): string {
  const reader = new MsgpackReader(datagram)
  const decode = (bytes: Uint8Array): string => decoder.decode(bytes)
  const keys = new Set<string>()
  let request = '?'
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = reader.nextIsText ? reader.string(decode) : '?'
    keys.add(key)
    if (key === 'q' && reader.nextIsText) request = reader.string(decode)
    else reader.skip()
  }
  return MARKS.find(([key]) => keys.has(key))?.[1] ?? request
}
