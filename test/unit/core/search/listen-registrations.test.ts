// SPDX-License-Identifier: MIT
// A listen among scripted storing nodes: what they push, what they keep silent about, and how they
// fail.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import type { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { changesOf, idNear, KEY, peerAddress, signed, text } from '../../../support/dht-kit.ts'
import { FAKE_TOKEN, FakePeer, type Received } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000

class World {
  readonly net = new MiniNetwork(91)
  readonly node: MiniNode = this.net.add()
  readonly peers: FakePeer[]
  operation = 0

  constructor(count = 12) {
    this.peers = Array.from(
      { length: count },
      (_, n) => new FakePeer(this.net, idNear(KEY, 30 - n, n), peerAddress(n + 1)),
    )
    for (const peer of this.peers) {
      peer.neighbours = this.peers.slice(0, 8)
      this.node.dht.insertNode(peer, this.net.now)
    }
    this.net.run(5 * MINUTE_MS)
  }

  listen(): this {
    this.operation = this.node.dht.startListen(KEY, QUERY_ALL, this.net.now)
    this.net.run(1000)
    return this
  }

  get changes(): string[] {
    return changesOf(this.node, this.operation)
  }

  listens(n: number): Received[] {
    return this.peers[n]!.requests(Kind.Listen)
  }

  socketOf(n: number): number {
    return this.listens(n).at(-1)!.message.socketId
  }

  /** Peer `n` pushes values, under its own socket id if no other is given. */
  push(n: number, values: Value[], socket = this.socketOf(n), key: InfoHash = KEY): void {
    const packed = values.map(packedValue)
    this.peers[n]!.send(this.node.address, (e, w) =>
      e.update(w, 1, key, socket, { kind: 'values', packed }, FAKE_TOKEN),
    )
    this.net.run(20)
  }

  pushIds(n: number, change: 're' | 'exp', ids: bigint[]): void {
    this.peers[n]!.send(this.node.address, (e, w) =>
      e.updateIds(w, 1, this.socketOf(n), FAKE_TOKEN, change, ids),
    )
    this.net.run(20)
  }
}

describe('values that several nodes push', () => {
  it('are told once, and end when the last node has dropped them', () => {
    const world = new World().listen()
    for (const n of [0, 1, 2, 3]) world.push(n, [text('x', 1n)])
    assert.deepEqual(world.changes, ['+x'])
    for (const n of [2, 0, 1]) world.pushIds(n, 'exp', [1n])
    assert.deepEqual(world.changes, ['+x'])
    world.pushIds(3, 'exp', [1n])
    world.pushIds(3, 'exp', [1n])
    assert.deepEqual(world.changes, ['+x', '-x'])
  })

  it('end when no node has spoken of them for a lifetime', () => {
    const world = new World().listen()
    world.push(0, [text('x', 1n)])
    world.push(1, [text('x', 1n), text('y', 2n)])
    world.net.run(9 * MINUTE_MS)
    world.pushIds(1, 're', [1n, 77n])
    world.net.run(2 * MINUTE_MS)
    assert.deepEqual(world.changes, ['+x', '+y', '-y'])
    world.net.run(8 * MINUTE_MS)
    assert.deepEqual(world.changes, ['+x', '+y', '-y', '-x'])
  })

  it('of one owner are told in order, an older revision never after a newer one', () => {
    const world = new World().listen()
    world.push(0, [signed('two', 1n, 2)])
    world.push(1, [signed('one', 1n, 1)])
    world.push(1, [signed('two', 1n, 2)])
    world.push(2, [signed('three', 1n, 3)])
    world.push(0, [signed('two', 1n, 2)])
    assert.deepEqual(world.changes, ['+two', '+three'])
  })

  it('are all followed when there are thousands, and none is told as gone', () => {
    const world = new World().listen()
    for (let n = 0; n < 4100; n += 20) {
      world.push(
        0,
        Array.from({ length: 20 }, (_, i) => text(`${n + i}`, BigInt(n + i + 1))),
      )
    }
    assert.equal(world.changes.length, 4100)
    assert.deepEqual(
      world.changes.filter((change) => change.startsWith('-')),
      [],
    )
  })
})

describe('a push', () => {
  it('counts only with the socket id, the node and the address that were registered', () => {
    const world = new World().listen()
    world.push(0, [text('other socket', 1n)], world.socketOf(1))
    world.push(0, [text('no socket', 2n)], 12345)
    const thief = new FakePeer(world.net, world.peers[0]!.id, peerAddress(200))
    thief.script = () => true
    const packed = [packedValue(text('stolen', 3n))]
    thief.send(world.node.address, (e, w) =>
      e.update(w, 1, KEY, world.socketOf(0), { kind: 'values', packed }, FAKE_TOKEN),
    )
    world.net.run(100)
    assert.deepEqual(world.changes, [])
    world.push(0, [text('right', 4n)])
    assert.deepEqual(world.changes, ['+right'])
  })

  it('after the listen has ended is acknowledged, without effect', () => {
    const world = new World().listen()
    const socket = world.socketOf(0)
    world.node.dht.cancel(world.operation, world.net.now)
    world.net.run(2 * MINUTE_MS)
    const packed = [packedValue(text('late', 1n))]
    const answers = world.peers[0]!.ask(world.node.address, (e, w, tid) =>
      e.update(w, tid, KEY, socket, { kind: 'values', packed }, FAKE_TOKEN),
    )
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      [Kind.Reply],
    )
    assert.deepEqual(world.changes, [])
  })
})

describe('a storing node', () => {
  it('that refuses the token is asked for a new one, and listened to again', () => {
    const world = new World()
    let refusals = 0
    // Not one of the closest, which are asked whatever their tokens are.
    world.peers[3]!.script = (peer, request) => {
      if (request.message.kind !== Kind.Listen || refusals++ > 0) return false
      peer.token = Uint8Array.of(5, 5)
      peer.refuse(request, 401)
      return true
    }
    world.listen()
    const tokens = world.listens(3).map(({ message }) => [...message.token])
    assert.deepEqual(tokens, [[...FAKE_TOKEN], [5, 5]])
    world.push(3, [text('x', 1n)])
    assert.deepEqual(world.changes, ['+x'])
  })

  it('that always refuses is replaced by another one', () => {
    const world = new World()
    world.peers[0]!.script = (peer, request) => {
      if (request.message.kind === Kind.Listen) peer.refuse(request, 401)
      return request.message.kind === Kind.Listen
    }
    world.listen()
    world.net.run(20_000)
    assert(world.listens(0).length <= 6, `${world.listens(0).length} listens`)
    assert(world.listens(4).length >= 1)
  })

  it('that dies is replaced within half a minute, and what only it had is gone', () => {
    const world = new World().listen()
    world.push(0, [text('shared', 1n), text('lonely', 2n)])
    world.push(1, [text('shared', 1n)])
    assert.equal(world.listens(4).length, 0)
    world.peers[0]!.script = () => true
    world.net.run(31_000)
    assert(world.listens(4).length >= 1)
    assert.deepEqual(world.changes, ['+shared', '+lonely', '-lonely'])
  })

  it('that answers listens with new tokens has them used', () => {
    const world = new World().listen()
    world.peers[0]!.token = Uint8Array.of(7, 7, 7)
    world.net.run(50_000)
    const last = world.listens(0).at(-1)!.message
    assert.deepEqual([...last.token], [7, 7, 7])
  })
})
