// SPDX-License-Identifier: MIT
// What the Python package and its Node.js process say to each other. A frame is a length of four
// bytes, big-endian, and one MessagePack array: kind, then the fields below. The other side of it
// is python/opendht/_connection.py.
//
//   to Node.js    hello protocol credit | call id method parameters | cancel id | credit id count
//   to Python     hello protocol version maxCalls | result id value | failure id code text
//                 items id [item …]
//
// Both say hello first. Each call is answered by one result or failure, also after a cancel. A
// stream sends items before that, as many as it has credit for: first what hello grants.

export const PROTOCOL_VERSION = 1

export const Kind = { Hello: 0, Call: 1, Cancel: 2, Credit: 3 } as const
export const Reply = { Hello: 0, Result: 1, Failure: 2, Items: 3 } as const

export const MAX_FRAME_BYTES: number = 16 * 2 ** 20

/** Calls, streams aside, that Python leaves unanswered at a time; it keeps further ones. */
export const MAX_CALLS = 4096

/** Codes of failures beside those of DhtError and CryptoError. */
export const FailureCode = {
  Type: 'ERR_TYPE',
  Range: 'ERR_RANGE',
  Aborted: 'ERR_ABORTED',
  /** A file or socket: the system refused. */
  System: 'ERR_SYSTEM',
  Internal: 'ERR_INTERNAL',
} as const
