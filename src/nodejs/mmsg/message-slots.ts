// SPDX-License-Identifier: MIT
// The `mmsghdr`s of a batch and what they point to, in memory that the system reads and writes.
// On 64-bit Linux, with any C library and byte order little-endian:
//
//   mmsghdr   0 name, 8 its length, 16 iovec, 24 their count, 32 control, 48 flags, 56 bytes done
//   iovec     0 start, 8 length
//   sockaddr  0 family, 2 port (big-endian), then of IPv4: 4 address
//             of IPv6: 4 flow, 8 address, 24 number of the interface

import type { Family, SocketAddress } from '../../core/id/socket-address.ts'
import type { AddressCache } from '../address-cache.ts'
import type { SystemCalls } from './system-calls.ts'

/** Datagrams per system call. More gain nothing that can be measured. */
export const BATCH = 64

const HEADER_BYTES = 64
const IOVEC_BYTES = 16
const NAME_BYTES = 32
const HEADER_WORDS = HEADER_BYTES / 4
const IOVEC_WORDS = IOVEC_BYTES / 4
const NAME_WORDS = NAME_BYTES / 4
/** Offsets in words. */
const NAME_LENGTH = 2
const IOVEC = 4
const IOVEC_COUNT = 6
const BYTES_DONE = 14
const ZONE = 6

const AF_INET = 2
const AF_INET6 = 10
const WORD = 2 ** 32

export class MessageSlots {
  readonly family: Family
  /** Length of an address as the system writes it. */
  readonly nameBytes: number
  readonly headersAddress: number
  readonly namesAddress: number
  readonly #headers = new Uint32Array(new ArrayBuffer(BATCH * HEADER_BYTES))
  readonly #iovecs = new Uint32Array(new ArrayBuffer(BATCH * IOVEC_BYTES))
  readonly #names = new Int32Array(new ArrayBuffer(BATCH * NAME_BYTES))

  constructor(family: Family, calls: SystemCalls) {
    this.family = family
    this.nameBytes = family === 4 ? 16 : 28
    const addressOf = (words: Uint32Array | Int32Array): number =>
      calls.addressOf(new Uint8Array(words.buffer))
    this.headersAddress = addressOf(this.#headers)
    this.namesAddress = addressOf(this.#names)
    const iovecs = addressOf(this.#iovecs)
    for (let i = 0; i < BATCH; i++) {
      const at = i * HEADER_WORDS
      setAddress(this.#headers, at, this.namesAddress + i * NAME_BYTES)
      this.#headers[at + NAME_LENGTH] = this.nameBytes
      setAddress(this.#headers, at + IOVEC, iovecs + i * IOVEC_BYTES)
      this.#headers[at + IOVEC_COUNT] = 1
    }
  }

  /** Where the system may read and write the length of a single name. */
  get nameLengthAddress(): number {
    return this.headersAddress + 4 * NAME_LENGTH
  }

  /** Address of the header of slot `i`, and of those behind it. */
  headerAddress(i: number): number {
    return this.headersAddress + i * HEADER_BYTES
  }

  /** How many bytes came into slot `i`. */
  bytesDone(i: number): number {
    return this.#headers[i * HEADER_WORDS + BYTES_DONE]!
  }

  setBytes(i: number, address: number, length: number): void {
    setAddress(this.#iovecs, i * IOVEC_WORDS, address)
    this.#iovecs[i * IOVEC_WORDS + 2] = length
  }

  setName(i: number, { port, a0, a1, a2, a3 }: SocketAddress, zone: number): void {
    const at = i * NAME_WORDS
    const names = this.#names
    const bigEndianPort = ((port & 0xff) << 24) | ((port >> 8) << 16)
    if (this.family === 4) {
      names[at] = AF_INET | bigEndianPort
      names[at + 1] = swapped(a0)
      return
    }
    names[at] = AF_INET6 | bigEndianPort
    names[at + 1] = 0
    names[at + 2] = swapped(a0)
    names[at + 3] = swapped(a1)
    names[at + 4] = swapped(a2)
    names[at + 5] = swapped(a3)
    names[at + ZONE] = zone
  }

  name(i: number, cache: AddressCache): SocketAddress {
    const at = i * NAME_WORDS
    const names = this.#names
    const first = names[at]!
    const port = (first >>> 24) | ((first >>> 8) & 0xff00)
    if (this.family === 4) return cache.v4(swapped(names[at + 1]!), port)
    const a0 = swapped(names[at + 2]!)
    const a1 = swapped(names[at + 3]!)
    return cache.v6(a0, a1, swapped(names[at + 4]!), swapped(names[at + 5]!), port)
  }

  /** Number of the interface that an address of IPv6 is meant on, 0 where that does not matter. */
  zone(i: number): number {
    return this.family === 4 ? 0 : this.#names[i * NAME_WORDS + ZONE]!
  }
}

function setAddress(words: Uint32Array, at: number, address: number): void {
  words[at] = address
  words[at + 1] = address / WORD
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
