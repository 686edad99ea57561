// SPDX-License-Identifier: MIT
// Write tokens: bound to address and port, valid for two secrets.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TOKEN_ROTATE_MAX_MS, TOKEN_ROTATE_MIN_MS } from '../../../../src/core/constants.ts'
import type { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { TOKEN_BYTES, Tokens } from '../../../../src/core/net/tokens.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'
import { address, PlainRandom } from '../../../support/storage-kit.ts'

function setUp(seed = 1): { tokens: Tokens; wheel: TimerWheel } {
  const wheel = new TimerWheel(0)
  return { tokens: new Tokens(new PlainRandom(seed), wheel, 0), wheel }
}

const PEER = address('192.0.2.1', 4222)

describe('a token', () => {
  it('is accepted from the address and port that it was issued to', () => {
    const { tokens } = setUp()
    for (const peer of [PEER, address('2001:db8::1', 4222)]) {
      const token = tokens.issue(peer).slice()
      assert.equal(token.length, TOKEN_BYTES)
      assert.equal(tokens.check(peer, token), true)
    }
  })

  it('is refused from any other', () => {
    const { tokens } = setUp()
    const others: SocketAddress[] = [
      PEER.withPort(4223),
      address('192.0.2.2', 4222),
      address('2001:db8::1', 4222),
      address('2001:db8::2', 4222),
    ]
    const token = tokens.issue(PEER).slice()
    for (const other of others) assert.equal(tokens.check(other, token), false)
    const token6 = tokens.issue(others[2]!).slice()
    assert.equal(tokens.check(others[3]!, token6), false)
    assert.equal(tokens.check(PEER, token6), false)
  })

  it('is refused when any bit of it differs, and in any other length', () => {
    const { tokens } = setUp()
    const token = tokens.issue(PEER).slice()
    for (let bit = 0; bit < 8 * TOKEN_BYTES; bit++) {
      const changed = token.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(tokens.check(PEER, changed), false)
    }
    assert.equal(tokens.check(PEER, token.subarray(0, 8)), false)
    assert.equal(tokens.check(PEER, new Uint8Array(0)), false)
    assert.equal(tokens.check(PEER, Uint8Array.of(...token, 0)), false)
  })

  it('differs from node to node', () => {
    assert.notDeepEqual(setUp(1).tokens.issue(PEER), setUp(2).tokens.issue(PEER))
  })

  it('outlives one change of the secret, not two', () => {
    const { tokens, wheel } = setUp()
    const token = tokens.issue(PEER).slice()
    wheel.advance(TOKEN_ROTATE_MIN_MS - 1)
    assert.deepEqual(tokens.issue(PEER), token)
    assert.ok(tokens.at >= TOKEN_ROTATE_MIN_MS && tokens.at <= TOKEN_ROTATE_MAX_MS)
    wheel.advance(tokens.at)
    assert.notDeepEqual(tokens.issue(PEER), token)
    assert.equal(tokens.check(PEER, token), true)
    assert.equal(tokens.check(PEER, tokens.issue(PEER).slice()), true)
    wheel.advance(tokens.at)
    assert.equal(tokens.check(PEER, token), false)
  })

  it('changes its secret at other times on other nodes', () => {
    const times = [1, 2, 3, 4].map((seed) => setUp(seed).tokens.at)
    assert.equal(new Set(times).size, 4)
  })
})
