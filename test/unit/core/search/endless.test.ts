// SPDX-License-Identifier: MIT
// Liars who answer everything and list ever closer nodes that do not exist otherwise: lookups end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

/** Far more than the 512 that an operation takes. */
const GENERATIONS = 140
const PATIENCE_MS = 60_000

function start(): { net: MiniNetwork; node: MiniNode; asked: () => number } {
  const net = new MiniNetwork(9)
  // Its own id is far from the key: it has no idea how many nodes there are.
  const node = net.add({ id: idNear(KEY, 0, 1) })
  const generations: FakePeer[][] = []
  const generation = (n: number): FakePeer[] => {
    generations[n] ??= Array.from({ length: 8 }, (_, i) => liar(n, 8 * n + i))
    return generations[n]
  }
  const liar = (n: number, number: number): FakePeer => {
    const peer = new FakePeer(net, idNear(KEY, 8 + n, number), peerAddress(number))
    peer.script = (self) => {
      if (n < GENERATIONS) self.neighbours = generation(n + 1)
      return false
    }
    return peer
  }
  node.dht.bootstrap([generation(0)[0]!.address], net.now)
  net.run(500)
  const isQuestion = (kind: Kind): boolean => kind === Kind.Get || kind === Kind.Find
  const asked = (): number =>
    generations.flat().filter((it) => it.received.some(({ message }) => isQuestion(message.kind)))
      .length
  return { net, node, asked }
}

describe('whoever invents ever closer nodes', () => {
  it('does not keep a get from ending', () => {
    const { net, node, asked } = start()
    const before = asked()
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, get, PATIENCE_MS), 'ok')
    assert(asked() - before <= 600, `${asked() - before} were asked`)
  })

  it('does not keep a put from ending', () => {
    const { net, node, asked } = start()
    const before = asked()
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation, PATIENCE_MS), 'ok')
    assert(asked() - before <= 600, `${asked() - before} were asked`)
  })
})
