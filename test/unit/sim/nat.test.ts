// SPDX-License-Identifier: MIT
// The four kinds of NAT: who may come in, and for how long.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { type NatKind, SimNetwork } from '../../../src/sim/entry.ts'
import { Nat } from '../../../src/sim/nat.ts'
import { SimRandom } from '../../../src/sim/sim-random.ts'

const KINDS: readonly NatKind[] = [
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
]
const address = (host: string, port = 4222): SocketAddress => SocketAddress.parse(host, port)!
const INSIDE = address('10.0.0.1')
const PEER = address('20.0.0.1')

function nat(kind: NatKind): Nat<string> {
  const options = { kind, timeoutMs: 1000 }
  return new Nat(options, address('30.0.0.1', 0), new SimRandom(1))
}

describe('a NAT', () => {
  for (const [kind, lets] of [
    ['full-cone', { otherPort: true, stranger: true, sameMapping: true }],
    ['address-restricted', { otherPort: true, stranger: false, sameMapping: true }],
    ['port-restricted', { otherPort: false, stranger: false, sameMapping: true }],
    ['symmetric', { otherPort: false, stranger: false, sameMapping: false }],
  ] as const) {
    test(`that is ${kind} lets in whom it should`, () => {
      const box = nat(kind)
      const outside = box.outbound('host', INSIDE, PEER, 0)
      assert.ok(outside.sameIp(address('30.0.0.1')))
      const enters = (from: SocketAddress): boolean => box.inbound(outside.port, from, 1) === 'host'
      assert.equal(enters(PEER), true)
      assert.equal(enters(PEER.withPort(1)), lets.otherPort)
      assert.equal(enters(address('20.0.0.2')), lets.stranger)
      const second = box.outbound('host', INSIDE, address('20.0.0.2'), 2)
      assert.equal(second.port === outside.port, lets.sameMapping)
    })
  }

  test('forgets a mapping that nothing went out through', () => {
    const box = nat('full-cone')
    const { port } = box.outbound('host', INSIDE, PEER, 0)
    assert.equal(box.inbound(port, PEER, 999), 'host')
    assert.equal(box.inbound(port, PEER, 1000), undefined)
    assert.notEqual(box.outbound('host', INSIDE, PEER, 2000).port, port)
  })

  test('that was reset has no mappings, and makes new ones', () => {
    const box = nat('full-cone')
    const { port } = box.outbound('host', INSIDE, PEER, 0)
    assert.equal(box.mappings, 1)
    box.reset()
    assert.deepEqual([box.mappings, box.inbound(port, PEER, 1)], [0, undefined])
    const again = box.outbound('host', INSIDE, PEER, 2)
    assert.equal(box.inbound(again.port, PEER, 3), 'host')
  })

  test('gives each host behind it a port of its own', () => {
    const box = nat('full-cone')
    const first = box.outbound('first', INSIDE, PEER, 0)
    const second = box.outbound('second', address('10.0.0.2'), PEER, 0)
    assert.notEqual(first.port, second.port)
    assert.equal(box.inbound(second.port, PEER, 1), 'second')
  })
})

describe('nodes behind NATs', () => {
  for (const kind of KINDS) {
    test(`of the kind ${kind} put and get`, async () => {
      await using network = new SimNetwork({ seed: 1 })
      network.addNodes(20, { overMs: 1000 })
      const hidden = network.addNodes(4, { nat: kind, startAfterMs: 2000 })
      await network.run(20_000)
      assert.ok(hidden.every(({ isConnected }) => isConnected))
      await network.until(hidden[0]!.put('key', 'value'))
      assert.equal((await network.until(hidden[3]!.getAll('key'))).length, 1)
      assert.equal((await network.until(network.nodes[7]!.getAll('key'))).length, 1)
    })
  }

  test('that they share reach each other through hairpins only', async () => {
    for (const hairpin of [true, false]) {
      await using network = new SimNetwork({ seed: 1 })
      network.addNode()
      const box = network.addNat({ kind: 'full-cone', hairpin })
      const [a, b] = network.addNodes(2, { nat: box })
      await network.run(2000)
      const [seen] = b!.dht.publicAddresses(4)
      assert.ok(seen?.sameIp(box.address))
      const port = portOf(network, b!.index)
      const answer = a!.ping(box.address.withPort(port))
      assert.equal(await network.until(answer), hairpin)
    }
  })
})

/** The public port of a node, as the first node knows it. */
function portOf(network: SimNetwork, index: number): number {
  const node = network.nodes[index]!
  const { buckets } = network.nodes[0]!.inspector.routingTable(4)
  const known = buckets.flatMap(({ nodes }) => nodes).find(({ id }) => id.equals(node.id))
  return known!.address.port
}
