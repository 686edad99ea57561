// SPDX-License-Identifier: MIT
// Sender addresses as sockets report them, in numbers or as text, turned into SocketAddress without
// making objects or reading text again and again. Shared by all sockets of the process: addresses
// are immutable.

import { SocketAddress } from '../core/id/socket-address.ts'

const MAX_ENTRIES = 8192

export class AddressCache {
  /** Each address has one place, and the one that was asked for last is there. */
  readonly #entries: (SocketAddress | undefined)[]
  readonly #mask: number
  /** By text, with port 0: IPv6 addresses, which take long to read. */
  readonly #hosts = new Map<string, SocketAddress>()

  /** `maxEntries` is a power of two. */
  constructor(maxEntries = MAX_ENTRIES) {
    this.#entries = new Array<undefined>(maxEntries).fill(undefined)
    this.#mask = maxEntries - 1
  }

  /** Undefined when `host` is not an address literal. */
  get(host: string, port: number): SocketAddress | undefined {
    const word = wordOf(host)
    if (word !== undefined) return this.v4(word, port)
    const ip = this.#hosts.get(host) ?? this.#read(host)
    if (ip === undefined || ip.family === 4) return ip?.withPort(port)
    return this.v6(ip.a0, ip.a1, ip.a2, ip.a3, port)
  }

  v4(a0: number, port: number): SocketAddress {
    const place = placeOf(a0, port) & this.#mask
    const known = this.#entries[place]
    if (known !== undefined && known.a0 === a0 && known.port === port && known.family === 4) {
      return known
    }
    const address = SocketAddress.v4(a0, port)
    this.#entries[place] = address
    return address
  }

  v6(a0: number, a1: number, a2: number, a3: number, port: number): SocketAddress {
    const place = placeOf(a0 ^ Math.imul(a1, 3) ^ Math.imul(a2, 5) ^ Math.imul(a3, 7), port)
    const known = this.#entries[place & this.#mask]
    if (known !== undefined && known.a3 === a3 && known.port === port && known.family === 6) {
      if (known.a0 === a0 && known.a1 === a1 && known.a2 === a2) return known
    }
    const address = SocketAddress.v6(a0, a1, a2, a3, port)
    this.#entries[place & this.#mask] = address
    return address
  }

  #read(host: string): SocketAddress | undefined {
    const ip = SocketAddress.parse(host, 0)
    if (ip === undefined) return undefined
    // Starting over is cheaper than keeping an order, and rare.
    if (this.#hosts.size > this.#mask) this.#hosts.clear()
    this.#hosts.set(host, ip)
    return ip
  }
}

function placeOf(word: number, port: number): number {
  const mixed = Math.imul(word ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/** The address in the form that sockets write IPv4; undefined for any other text. */
function wordOf(text: string): number | undefined {
  let word = 0
  let dots = 0
  let digits = 0
  let part = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || part > 255) return undefined
      word = (word << 8) | part
      dots++
      digits = 0
      part = 0
    } else {
      if (code < ZERO || code > NINE || (digits > 0 && part === 0)) return undefined
      part = part * 10 + code - ZERO
      digits++
    }
  }
  return dots === 3 && digits > 0 && part <= 255 ? (word << 8) | part : undefined
}

const DOT = 46
const ZERO = 48
const NINE = 57

export const addressCache = new AddressCache()
