// SPDX-License-Identifier: MIT
// Blocked peers: for a while, and not too many.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BLOCK_TIME_MS } from '../../../../src/core/constants.ts'
import { Blocklist } from '../../../../src/core/net/blocklist.ts'
import { address } from '../../../support/storage-kit.ts'

const PEER = address('192.0.2.1', 4222)

describe('the blocklist', () => {
  it('blocks one address and port, for the time of a block', () => {
    const list = new Blocklist(1)
    assert.equal(list.has(PEER, 0), false)
    list.add(PEER, 0)
    assert.equal(list.has(address('192.0.2.1', 4222), 1), true)
    assert.equal(list.has(PEER.withPort(4223), 1), false)
    assert.equal(list.has(address('192.0.2.2', 4222), 1), false)
    assert.equal(list.has(PEER, BLOCK_TIME_MS - 1), true)
    assert.equal(list.has(PEER, BLOCK_TIME_MS), false)
    assert.equal(list.size, 0)
  })

  it('starts the time anew with every block', () => {
    const list = new Blocklist(1)
    list.add(PEER, 0)
    list.add(PEER.withPort(1), 5)
    list.add(PEER, 10)
    assert.equal(list.size, 2)
    assert.equal(list.blocked, 2)
    assert.equal(list.has(PEER, BLOCK_TIME_MS + 9), true)
    assert.equal(list.has(PEER.withPort(1), BLOCK_TIME_MS + 9), false)
    assert.equal(list.has(PEER, BLOCK_TIME_MS + 10), false)
  })

  it('lets the oldest go when there are too many', () => {
    const list = new Blocklist(1, 100)
    for (let port = 1; port <= 150; port++) list.add(PEER.withPort(port), port)
    assert.equal(list.size, 100)
    assert.equal(list.evicted, 50)
    for (let port = 1; port <= 150; port++) {
      assert.equal(list.has(PEER.withPort(port), 150), port > 50)
    }
  })

  it('can let a peer go', () => {
    const list = new Blocklist(1)
    const v6 = address('2001:db8::1')
    list.add(v6, 0)
    list.delete(v6)
    list.delete(v6)
    assert.equal(list.has(v6, 1), false)
    assert.equal(list.size, 0)
  })
})
