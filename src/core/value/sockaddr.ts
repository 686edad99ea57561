// SPDX-License-Identifier: MIT
// Socket addresses as the raw `sockaddr` structures of C programs, which peers put into the data of
// service announcements and into their state files (spec values, section 6.3). We write the Linux
// layout and read those of other systems too:
//
//   IPv4, 16 bytes: family (2), port (2, big endian), address (4), zero (8)
//   IPv6, 28 bytes: family (2), port (2, big endian), flow info (4), address (16), scope id (4)
//
// The family is in host order; BSD and macOS have a length byte and a one-byte family instead.

import { SocketAddress } from '../id/socket-address.ts'

const IPV4_BYTES = 16
const IPV6_BYTES = 28

const AF_INET = 2
const AF_INET6_LINUX = 10
/** Linux, Windows, NetBSD, FreeBSD, macOS. */
const AF_INET6 = [AF_INET6_LINUX, 23, 24, 28, 30]

export function packSockaddr(address: SocketAddress): Uint8Array {
  const isIpv4 = address.family === 4
  const bytes = new Uint8Array(isIpv4 ? IPV4_BYTES : IPV6_BYTES)
  bytes[0] = isIpv4 ? AF_INET : AF_INET6_LINUX
  bytes[2] = address.port >> 8
  bytes[3] = address.port
  address.writeIp(bytes, isIpv4 ? 4 : 8)
  return bytes
}

/** Undefined when the bytes are too short or of another address family. */
export function readSockaddr(bytes: Uint8Array): SocketAddress | undefined {
  const family = readFamily(bytes)
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
  if (family === 4 && bytes.length >= IPV4_BYTES) return SocketAddress.fromBytes(bytes, 4, 4, port)
  if (family === 6 && bytes.length >= IPV6_BYTES) return SocketAddress.fromBytes(bytes, 8, 16, port)
  return undefined
}

function readFamily(bytes: Uint8Array): 4 | 6 | undefined {
  const [first = 0, second = 0] = bytes
  // Little endian has the number first; big endian, and the length byte's layout, second.
  const isLengthFirst = first === 0 || first === IPV4_BYTES || first === IPV6_BYTES
  const number = second === 0 ? first : isLengthFirst ? second : 0
  if (number === AF_INET) return 4
  return AF_INET6.includes(number) ? 6 : undefined
}
