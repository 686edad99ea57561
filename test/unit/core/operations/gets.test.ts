// SPDX-License-Identifier: MIT
// Gets and queries as the user sees them: what is delivered, in which order, and how they end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtEvent } from '../../../../src/core/events.ts'
import {
  type Condition,
  Field,
  QUERY_ALL,
  Query,
  Select,
  Where,
} from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import {
  BELIEVE_ALL,
  byDistance,
  doneOf,
  idNear,
  KEY,
  outcomesOf,
  peerAddress,
  signed,
  text,
  textsOf,
  valuesOf,
} from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { Traffic } from '../../../support/traffic.ts'

function joined(size: number): MiniNetwork {
  const net = new MiniNetwork(11)
  net.addMany(size, {}, { verifier: BELIEVE_ALL })
  net.join()
  return net
}

function put(net: MiniNetwork, node: MiniNode, value: Value): void {
  const { operation } = node.dht.startPut(KEY, value, {}, net.now)
  assert.equal(net.finish(node, operation), 'ok')
}

function get(net: MiniNetwork, node: MiniNode, ...conditions: Condition[]): string[] {
  const query = new Query(undefined, new Where(conditions))
  const operation = node.dht.startGet(KEY, query, net.now)
  assert.equal(net.finish(node, operation), 'ok')
  return textsOf(node, operation)
}

describe('a get', () => {
  it('delivers own values at once, before anything is sent', () => {
    const net = joined(4)
    const node = net.nodes[2]!
    node.dht.startPut(KEY, text('own', 1n), {}, net.now)
    node.dht.takeEvents()
    node.dht.outbox.clear()
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    const events = node.dht.takeEvents()
    assert.deepEqual(
      events.map((event) => event.kind === 'values' && [event.operation, event.values.length]),
      [[operation, 1]],
    )
  })

  it('delivers each value once, wherever it is stored', () => {
    const net = joined(20)
    const reader = byDistance(net.nodes, KEY)[0]!
    put(net, net.nodes[3]!, text('one', 1n))
    put(net, net.nodes[5]!, text('two', 2n))
    put(net, reader, text('three', 3n))
    for (const node of [reader, net.nodes[3]!, byDistance(net.nodes, KEY)[19]!]) {
      assert.deepEqual(get(net, node), ['one', 'three', 'two'])
    }
  })

  it('ends with the nodes that answered, at least the eight closest', () => {
    const net = joined(20)
    const node = byDistance(net.nodes, KEY)[19]!
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    const { nodes } = doneOf(node, operation)!
    const found = new Set(nodes.map(({ id }) => id.toString()))
    for (const { dht } of byDistance(net.nodes, KEY).slice(0, 8))
      assert(found.has(dht.id.toString()))
    assert.equal(found.size, nodes.length)
  })

  it('filters by every field, the sequence number included', () => {
    const net = joined(12)
    const owned = signed('signed', 3n, 5)
    put(net, net.nodes[1]!, text('plain', 1n))
    put(net, net.nodes[1]!, new Value({ id: 2n, type: 3, userType: 'u', data: text('typed').data }))
    put(net, net.nodes[1]!, owned)
    put(net, net.nodes[1]!, signed('other', 4n, 6, 2))
    const node = net.nodes[9]!
    assert.deepEqual(get(net, node, { field: Field.Id, value: 1n }), ['plain'])
    assert.deepEqual(get(net, node, { field: Field.Type, value: 3 }), ['typed'])
    assert.deepEqual(get(net, node, { field: Field.UserType, value: 'u' }), ['typed'])
    assert.deepEqual(get(net, node, { field: Field.Owner, value: owned.ownerId! }), ['signed'])
    assert.deepEqual(get(net, node, { field: Field.Seq, value: 6 }), ['other'])
    const both = [
      { field: Field.Owner, value: owned.ownerId! },
      { field: Field.Seq, value: 6 },
    ] as const
    assert.deepEqual(get(net, node, ...both), [])
  })

  it('gives up at once when no node is known', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.pump(node)
    assert.deepEqual(outcomesOf(node, operation), ['no-nodes'])
  })

  it('gives nothing more after it was cancelled', () => {
    const net = joined(12)
    put(net, net.nodes[1]!, text('one', 1n))
    const node = byDistance(net.nodes, KEY)[11]!
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(7)
    node.dht.cancel(operation, net.now)
    const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Get)
    net.run(5000)
    assert.deepEqual(
      node.events.filter((event) => 'operation' in event && event.operation === operation),
      [],
    )
    assert.equal(traffic.count({ from: node.address }), 0)
  })
})

describe('a query that selects fields', () => {
  it('delivers each combination of fields once, and no values', () => {
    const net = joined(12)
    put(net, net.nodes[1]!, text('plain', 1n))
    put(net, net.nodes[1]!, signed('signed', 3n, 5))
    const node = net.nodes[9]!
    const operation = node.dht.startGet(KEY, new Query(new Select([Field.Id, Field.Seq])), net.now)
    assert.equal(net.finish(node, operation), 'ok')
    const fields = node.events.flatMap((event) =>
      event.kind === 'fields' && event.operation === operation ? event.fields : [],
    )
    assert.deepEqual(fields.map(({ id, seq }) => [id, seq]).sort(), [
      [1n, 0],
      [3n, 5],
    ])
    assert.deepEqual(valuesOf(node, operation), [])
  })

  it('applies a condition on the sequence number, which cannot travel', () => {
    const net = joined(12)
    put(net, net.nodes[1]!, signed('a', 3n, 5))
    put(net, net.nodes[1]!, signed('b', 4n, 6))
    const node = net.nodes[9]!
    const where = new Where([{ field: Field.Seq, value: 6 }])
    const operation = node.dht.startGet(KEY, new Query(new Select([Field.Id]), where), net.now)
    assert.equal(net.finish(node, operation), 'ok')
    const fields = node.events.flatMap((event) => (event.kind === 'fields' ? event.fields : []))
    assert.deepEqual(
      fields.map(({ id }) => id),
      [4n],
    )
  })
})

describe('a get while the node is connecting', () => {
  const kinds = (events: readonly DhtEvent[]): string[] =>
    events.flatMap((event) => {
      if (event.kind === 'status') return [event.ipv4]
      return event.kind === 'done' ? [event.outcome] : []
    })

  it('waits, and works once somebody answers', () => {
    const net = joined(12)
    put(net, net.nodes[1]!, text('one', 1n))
    const node = net.add()
    net.enter(node, net.nodes[0]!)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.deepEqual(outcomesOf(node, operation), [])
    assert.equal(net.finish(node, operation), 'ok')
    assert.deepEqual(textsOf(node, operation), ['one'])
    assert.deepEqual(kinds(node.events), ['connecting', 'connected', 'ok'])
  })

  it('fails after the status says that nobody answered', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.bootstrap([peerAddress(99)], net.now)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, operation), 'no-nodes')
    assert.deepEqual(kinds(node.events), ['connecting', 'disconnected', 'no-nodes'])
  })

  it('waits for names that are being resolved', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.expectBootstrap(net.now)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(30_000)
    assert.deepEqual(outcomesOf(node, operation), [])
    node.dht.bootstrap([], net.now)
    net.pump(node)
    assert.deepEqual(outcomesOf(node, operation), ['no-nodes'])
    assert.deepEqual(kinds(node.events), ['connecting', 'disconnected', 'no-nodes'])
  })
})

describe('a get at nodes that misbehave', () => {
  it('takes a value from another node when the first one has lost it', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const peers = Array.from(
      { length: 4 },
      (_, n) => new FakePeer(net, idNear(KEY, 40 - n), peerAddress(n + 1)),
    )
    for (const peer of peers) {
      peer.values = [text('kept', 1n)]
      node.dht.insertNode(peer, net.now)
      const isForgetful = peer !== peers[3]
      peer.script = (_, { message, from }) => {
        const isFetch = message.kind === Kind.Get && message.query?.select.isEmpty === true
        if (!isForgetful || !isFetch) return false
        const none = { nodes4: new Uint8Array(0), nodes6: new Uint8Array(0) }
        peer.send(from, (e, w) => e.nodes(w, message.tid, from, none, peer.token))
        return true
      }
    }
    net.run(1000)
    assert.deepEqual(get(net, node), ['kept'])
  })
})
