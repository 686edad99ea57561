// SPDX-License-Identifier: MIT
// The two packets of peer discovery (spec discovery, section 1.2): a query is the text `q`, an
// announcement is a map from names of services to whatever they say about themselves.

import { WireError } from '../core/errors.ts'
import { fromUtf8 } from '../core/util/bytes.ts'
import { MsgpackReader } from '../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'

/** Largest payload of a UDP datagram over IPv4. */
export const MAX_PACKET_BYTES = 65_507
/** Longest name of a service that is published or looked for, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255
/** Entries of one announcement: honest ones have a handful. */
const MAX_SERVICES = 256

const QUERY = 'q'.charCodeAt(0)
const TOO_MANY_SERVICES = new WireError(`Announcement has more than ${MAX_SERVICES} services`)
const NOT_A_QUERY = new WireError('Text is no query')

/** One entry of an announcement; `payload` is a packed item, and a view of the datagram. */
export interface AnnouncedService {
  readonly name: string
  readonly payload: Uint8Array
}

/** What asks everybody to announce. */
export const QUERY_PACKET: Uint8Array = Uint8Array.of(0xa1, QUERY)

/** `services` holds packed items by name. */
export function encodeAnnouncement(services: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const writer = new MsgpackWriter()
  writer.mapHeader(services.size)
  for (const [name, payload] of services) {
    writer.text(name)
    writer.raw(payload)
  }
  return writer.take()
}

/**
 * A query, or the services of an announcement; entries whose key is no text are left out, as in
 * the original. Throws WireError for anything else, also when only the end is damaged.
 */
export function decodePacket(datagram: Uint8Array): 'query' | AnnouncedService[] {
  const reader = new MsgpackReader(datagram)
  if (reader.nextIsText) {
    reader.text()
    if (reader.length === 1 && datagram[reader.offset] === QUERY) return 'query'
    throw NOT_A_QUERY
  }
  const count = reader.mapHeader()
  if (count > MAX_SERVICES) throw TOO_MANY_SERVICES
  const services: AnnouncedService[] = []
  for (let left = count; left > 0; left--) {
    const name = readName(reader)
    const start = reader.position
    reader.skip()
    if (name === undefined) continue
    services.push({ name, payload: datagram.subarray(start, reader.position) })
  }
  return services
}

/** Undefined for a key that nobody can have asked for. */
function readName(reader: MsgpackReader): string | undefined {
  if (!reader.nextIsText) {
    reader.skip()
    return undefined
  }
  reader.text()
  if (reader.length > MAX_NAME_BYTES) return undefined
  return fromUtf8(reader.source.subarray(reader.offset, reader.offset + reader.length))
}
