// SPDX-License-Identifier: MIT
// IP address and UDP port of a peer as words: comparable and hashable without text. Immutable; text
// is made on demand and kept, since the dgram transport asks for it with every datagram.

import { readWord, writeWord } from '../util/bytes.ts'

/** IPv4 or IPv6. */
export type Family = 4 | 6

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

export class SocketAddress {
  readonly family: Family
  /** IPv4: the address in `a0`. IPv6: four big-endian words. Signed integers. */
  readonly a0: number
  readonly a1: number
  readonly a2: number
  readonly a3: number
  readonly port: number
  #host: string | undefined

  private constructor(
    family: Family,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    port: number,
  ) {
    this.family = family
    this.a0 = a0
    this.a1 = a1
    this.a2 = a2
    this.a3 = a3
    this.port = port
  }

  /** `word` has the four bytes of the address, the first one highest. */
  static v4(word: number, port: number): SocketAddress {
    return new SocketAddress(4, word | 0, 0, 0, 0, port)
  }

  /** IPv4-mapped addresses (::ffff:a.b.c.d) become IPv4. */
  static v6(a0: number, a1: number, a2: number, a3: number, port: number): SocketAddress {
    if ((a0 | a1) === 0 && a2 === 0xffff) return SocketAddress.v4(a3, port)
    return new SocketAddress(6, a0 | 0, a1 | 0, a2 | 0, a3 | 0, port)
  }

  /** 4 or 16 bytes of address in network order. */
  static fromBytes(bytes: Uint8Array, offset: number, length: 4 | 16, port: number): SocketAddress {
    const word = (i: number): number => readWord(bytes, offset + 4 * i)
    if (length === 4) return SocketAddress.v4(word(0), port)
    return SocketAddress.v6(word(0), word(1), word(2), word(3), port)
  }

  /**
   * An address literal, without brackets; undefined when it is not one. Zone ids of IPv6 addresses
   * are cut off.
   */
  static parse(host: string, port: number): SocketAddress | undefined {
    const zone = host.indexOf('%')
    const text = zone < 0 ? host : host.slice(0, zone)
    if (!text.includes(':')) {
      const word = parseIpv4(host)
      return word === undefined ? undefined : SocketAddress.v4(word, port)
    }
    const words = parseIpv6(text)
    return words && SocketAddress.v6(words[0]!, words[1]!, words[2]!, words[3]!, port)
  }

  equals(other: SocketAddress): boolean {
    return this.port === other.port && this.sameIp(other)
  }

  /** Whether they differ in the port at most. */
  sameIp(other: SocketAddress): boolean {
    return (
      this.a0 === other.a0 &&
      this.a1 === other.a1 &&
      this.a2 === other.a2 &&
      this.a3 === other.a3 &&
      this.family === other.family
    )
  }

  /** Whether the 4 or 16 bytes at `offset` are this IP address, in the form of its family. */
  matches(bytes: Uint8Array, offset: number, length: 4 | 16): boolean {
    if (length !== this.ipBytes || readWord(bytes, offset) !== this.a0) return false
    return (
      length === 4 ||
      (readWord(bytes, offset + 4) === this.a1 &&
        readWord(bytes, offset + 8) === this.a2 &&
        readWord(bytes, offset + 12) === this.a3)
    )
  }

  withPort(port: number): SocketAddress {
    return new SocketAddress(this.family, this.a0, this.a1, this.a2, this.a3, port)
  }

  /** 127/8 or ::1. */
  get isLoopback(): boolean {
    if (this.family === 4) return this.a0 >>> 24 === 127
    return (this.a0 | this.a1 | this.a2) === 0 && this.a3 === 1
  }

  /** Loopback, link-local, private or shared by a provider: nobody's on the public network. */
  get isLocal(): boolean {
    if (this.family === 6) return isLocalIpv6(this.a0) || this.isLoopback
    const first = this.a0 >>> 24
    if (first === 10 || first === 127) return true
    const two = this.a0 >>> 16
    return two === 0xc0a8 || two === 0xa9fe || this.a0 >>> 20 === 0xac1 || this.a0 >>> 22 === 0x191
  }

  /** 0.0.0.0 or ::. */
  get isUnspecified(): boolean {
    return (this.a0 | this.a1 | this.a2 | this.a3) === 0
  }

  /**
   * Cannot be the source of an honest datagram: port 0, 0/8, multicast and above, :: (spec wire,
   * section 9). Link-local and private addresses are fine.
   */
  get isMartian(): boolean {
    if (this.port === 0) return true
    if (this.family === 4) return this.a0 >>> 24 === 0 || this.a0 >>> 29 === 7
    return this.a0 >>> 24 === 0xff || this.isUnspecified
  }

  /** Length of the address in bytes on the wire. */
  get ipBytes(): 4 | 16 {
    return this.family === 4 ? 4 : 16
  }

  /** Writes the `ipBytes` bytes of the address. */
  writeIp(bytes: Uint8Array, offset: number): void {
    writeWord(bytes, offset, this.a0)
    if (this.family === 4) return
    writeWord(bytes, offset + 4, this.a1)
    writeWord(bytes, offset + 8, this.a2)
    writeWord(bytes, offset + 12, this.a3)
  }

  /** The IP address as text, without brackets; IPv6 in the canonical form of RFC 5952. */
  get host(): string {
    this.#host ??= this.family === 4 ? formatIpv4(this.a0) : formatIpv6(this)
    return this.#host
  }

  /** `a.b.c.d:port` or `[v6]:port`. */
  toString(): string {
    return this.family === 4 ? `${this.host}:${this.port}` : `[${this.host}]:${this.port}`
  }

  toJSON(): string {
    return this.toString()
  }

  /** For `console.log` of Node.js. */
  [INSPECT](): string {
    return `SocketAddress(${this})`
  }
}

/** fc00::/7, fe80::/10. */
function isLocalIpv6(word: number): boolean {
  return word >>> 25 === 0x7e || word >>> 22 === 0x3fa
}

/** Four decimal numbers; leading zeros are refused, since others read them as octal. */
function parseIpv4(text: string): number | undefined {
  const parts = text.split('.', 5)
  if (parts.length !== 4) return undefined
  let word = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    word = (word << 8) | Number(part)
  }
  return word
}

function parseIpv6(text: string): number[] | undefined {
  const lastColon = text.lastIndexOf(':')
  let source = text
  if (text.includes('.')) {
    const tail = parseIpv4(text.slice(lastColon + 1))
    if (tail === undefined) return undefined
    const high = (tail >>> 16).toString(16)
    source = `${text.slice(0, lastColon + 1)}${high}:${(tail & 0xffff).toString(16)}`
  }
  const halves = source.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!)
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return [0, 2, 4, 6].map((i) => (groups[i]! << 16) | groups[i + 1]!)
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  for (const part of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return groups
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function formatIpv6(address: SocketAddress): string {
  const words = [address.a0, address.a1, address.a2, address.a3]
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  const { start, length } = longestZeroRun(groups)
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (end < groups.length && groups[end] === 0) end++
    if (end - start > best.length) best = { start, length: end - start }
    start = Math.max(start, end - 1)
  }
  return best
}
