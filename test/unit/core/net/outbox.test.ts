// SPDX-License-Identifier: MIT
// Outboxes and the pool that lends them their arenas.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { ArenaPool } from '../../../../src/core/net/arena-pool.ts'
import { Outbox } from '../../../../src/core/net/outbox.ts'

const PEER = SocketAddress.parse('192.0.2.1', 4222)!

describe('an outbox', () => {
  it('holds no arena while it is empty', () => {
    const outbox = new Outbox()
    assert.equal(outbox.arena.length, 0)
    write(outbox, 10)
    assert.ok(outbox.arena.length >= 10)
    outbox.clear()
    assert.equal(outbox.arena.length, 0)
    assert.equal(outbox.count, 0)
  })

  it('lends its arena to the next one that has something to say', () => {
    const arenas = new ArenaPool()
    const [first, second] = [new Outbox(arenas), new Outbox(arenas)]
    write(first, 10)
    const { arena } = first
    write(second, 20)
    assert.notEqual(second.arena, arena)
    assert.deepEqual([first.datagram(0).length, second.datagram(0).length], [10, 20])
    first.clear()
    write(new Outbox(arenas), 5)
    assert.equal(second.datagram(0).length, 20)
    first.clear()
    second.clear()
    write(first, 1)
    assert.ok(first.arena.length > 0)
  })

  it('gives no arena back that somebody still reads', () => {
    const arenas = new ArenaPool()
    const outbox = new Outbox(arenas)
    write(outbox, 10)
    const { arena } = outbox
    outbox.release()
    write(outbox, 10)
    assert.notEqual(outbox.arena, arena)
  })
})

describe('a pool of arenas', () => {
  it('takes the last one first', () => {
    const arenas = new ArenaPool()
    const [a, b] = [arenas.take(), arenas.take()]
    arenas.give(a, 10)
    arenas.give(b, 10)
    assert.equal(arenas.take(), b)
    assert.equal(arenas.take(), a)
  })

  it('keeps large ones only while they are needed, and no empty ones', () => {
    const arenas = new ArenaPool()
    const large = new Uint8Array(200_000)
    arenas.give(large, 100_000)
    assert.equal(arenas.take(), large)
    arenas.give(large, 100)
    arenas.give(new Uint8Array(0), 0)
    assert.ok(arenas.take().length < large.length)
    assert.ok(arenas.take().length > 0)
  })

  it('keeps a few only', () => {
    const arenas = new ArenaPool()
    const many = Array.from({ length: 100 }, () => new Uint8Array(100))
    for (const arena of many) arenas.give(arena, 100)
    const kept = many.map(() => arenas.take()).filter((arena) => arena.length === 100)
    assert.equal(kept.length, 16)
  })
})

function write(outbox: Outbox, bytes: number): void {
  for (let i = 0; i < bytes; i++) outbox.writer.boolean(true)
  outbox.commit(PEER)
}
