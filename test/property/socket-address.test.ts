// SPDX-License-Identifier: MIT
// SocketAddress against the host's judges of address literals: node:net says what is one, the URL
// parser says how it is printed.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SocketAddress } from '../../src/core/id/socket-address.ts'

const port = fc.integer({ min: 0, max: 65535 })
const group = fc.oneof(fc.constantFrom(0, 0, 0xffff), fc.nat(0xffff))
const groups = fc.array(group, { minLength: 8, maxLength: 8 })
// Texts that are nearly addresses: the pieces of literals in any order.
const piece = fc.constantFrom(
  ...['0', '1', '00', '12', '255', '256', '1.2.3.4', 'ffff', 'FFFF', 'abcd', '12345', 'g'],
  ...[':', ':', ':', '::', '.', '.', '/', ' ', '-'],
)
const nearly = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))
const exact = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended())

function bytesOf(all: number[]): Uint8Array {
  return Uint8Array.from(all.flatMap((one) => [one >> 8, one & 255]))
}

/** The text of eight groups as the URL standard prints it, which is RFC 5952. */
function printed(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}

describe('SocketAddress', () => {
  it('reads exactly the texts that are address literals', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, exact, fc.string()), port, (text, number) => {
        fc.pre(!text.includes('%'))
        const parsed = SocketAddress.parse(text, number)
        assert.equal(parsed !== undefined, isIP(text) !== 0, text)
        if (parsed !== undefined) assert.equal(parsed.port, number)
      }),
      { numRuns: 3000 },
    )
  })

  it('prints IPv6 as the URL standard does', () => {
    fc.assert(
      fc.property(groups, port, (all, number) => {
        const address = SocketAddress.fromBytes(bytesOf(all), 0, 16, number)
        fc.pre(address.family === 6)
        assert.equal(address.host, printed(all.map((one) => one.toString(16)).join(':')))
        assert.equal(address.toString(), `[${address.host}]:${number}`)
      }),
      { numRuns: 500 },
    )
  })

  it('reads any valid literal as the URL standard does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = SocketAddress.parse(text, 1)!
        if (address.family === 6) assert.equal(address.host, printed(text))
        else assert.match(printed(text), /^::ffff:/)
      }),
      { numRuns: 500 },
    )
  })

  it('survives text and bytes', () => {
    const four = fc.integer().map((word) => SocketAddress.v4(word, 9))
    const six = groups.map((all) => SocketAddress.fromBytes(bytesOf(all), 0, 16, 9))
    fc.assert(
      fc.property(fc.oneof(four, six), port, fc.nat(10), (address, number, offset) => {
        const moved = address.withPort(number)
        assert(SocketAddress.parse(address.host, number)!.equals(moved))
        assert(SocketAddress.parse(address.host.toUpperCase(), number)!.equals(moved))
        assert.equal(moved.equals(address), number === 9)
        assert(moved.sameIp(address))
        const bytes = new Uint8Array(offset + 16)
        address.writeIp(bytes, offset)
        assert(SocketAddress.fromBytes(bytes, offset, address.ipBytes, number).equals(moved))
      }),
    )
  })
})
