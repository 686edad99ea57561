// SPDX-License-Identifier: MIT
// Data of the types that a storing node looks into: service announcements (type 2), messages to a
// service (type 1), certificates (type 8). Spec values, sections 6.2, 6.3 and 6.9.

import { WireError } from '../errors.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { fromUtf8 } from '../util/bytes.ts'
import { MsgpackReader } from '../wire/msgpack-reader.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { packSockaddr, readSockaddr } from './sockaddr.ts'

/** Data of an announcement that a service runs at `address`. */
export function serviceAddressData(address: SocketAddress): Uint8Array {
  return wrapBinary(packSockaddr(address))
}

/** The announced address; undefined when the data holds none. */
export function readServiceAddress(data: Uint8Array): SocketAddress | undefined {
  return parse(data, (reader) => readSockaddr(reader.looseBytes()))
}

/** The name of the service that a message is for; undefined when the data is no message. */
export function readMessageService(data: Uint8Array): string | undefined {
  return parse(data, (reader) => {
    if (reader.arrayHeader() !== 2) return undefined
    const service = reader.string(fromUtf8)
    reader.looseBytes()
    return service
  })
}

/** Data of a published certificate: the PEM text of the chain, subject first, behind a header. */
export function certificateData(pem: Uint8Array): Uint8Array {
  return wrapBinary(pem)
}

/** PEM or DER of a published certificate, without the header; a view into `data`. */
export function unwrapCertificate(data: Uint8Array): Uint8Array {
  return parse(data, (reader) => (reader.nextIsBinary ? reader.looseBytes() : undefined)) ?? data
}

function wrapBinary(bytes: Uint8Array): Uint8Array {
  const writer = new MsgpackWriter(bytes.length + 5)
  writer.binary(bytes)
  return writer.take()
}

/** Data is the application's business: that it does not parse is an answer, not an error. */
function parse<T>(data: Uint8Array, read: (reader: MsgpackReader) => T): T | undefined {
  try {
    return read(new MsgpackReader(data))
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
