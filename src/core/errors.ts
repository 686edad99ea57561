// SPDX-License-Identifier: MIT
// The one family of errors that users of the library catch. Wrong arguments are TypeError or
// RangeError instead, and nothing that a peer sends ever becomes an exception outside the decoder.

/** Why an operation failed; a code never changes its meaning. */
export type DhtErrorCode =
  /** No node of the network could be reached. */
  | 'ERR_DHT_NO_NODES'
  /** The operation did not complete on enough nodes. */
  | 'ERR_DHT_FAILED'
  /** A put with the same value id and other content took over. */
  | 'ERR_DHT_REPLACED'
  /** The node is closed, or was closed while the operation ran. */
  | 'ERR_DHT_CLOSED'
  /** A configured limit is reached (searches, listeners, local storage). */
  | 'ERR_DHT_LIMIT'
  /** Port or address cannot be used. */
  | 'ERR_DHT_BIND'
  /** A host name could not be resolved. */
  | 'ERR_DHT_RESOLVE'
  /** The state file cannot be read or written. */
  | 'ERR_DHT_STATE'

/** A failed operation: `code` says why, the same in all versions; `message` is for people. */
export class DhtError extends Error {
  readonly code: DhtErrorCode
  constructor(code: DhtErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'DhtError'
    this.code = code
  }
}

/** Malformed bytes from a peer. Thrown by the decoder, caught and counted inside the engine. */
export class WireError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WireError'
  }
}
