// SPDX-License-Identifier: MIT
// A get in networks of scripted peers that answer, keep silent, refuse, lie or answer late, each at
// random: it ends, asks at most eight nodes at a time, and finds what honest nodes store.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SEARCH_NODES } from '../../src/core/constants.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { Kind } from '../../src/core/wire/message.ts'
import { KEY, outcomesOf, peerAddress, text, textsOf } from '../support/dht-kit.ts'
import { FakePeer, type Received } from '../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { readCompactNodes } from '../support/node-list.ts'
import { decode } from '../support/traffic.ts'

const MANNERS = [
  'honest',
  'silent',
  'refuses',
  'lists nobody',
  'lists the dead',
  'lists rubbish',
  'sends garbage',
  'answers late',
  'answers sometimes',
  'has no token',
  'answers from elsewhere',
  'claims values',
  'uses another id',
] as const
type Manner = (typeof MANNERS)[number]
/** Manner of each peer, and how far apart in the list the peers are that it lists. */
type Cast = readonly (readonly [Manner, number])[]

const peers = fc.array(fc.tuple(fc.constantFrom(...MANNERS), fc.nat(30)), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
})

class World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  readonly peers: FakePeer[]
  readonly #cast: Cast
  /** Requests of the lookup by transaction: whom they went to, and when they ceased to count. */
  readonly #inFlight = new Map<number, { id: InfoHash; until: number }>()
  /** Ids of peers that showed themselves as dishonest, and when. */
  readonly #unmasked = new Map<InfoHash, number>()
  /** Ids that the node may have heard of. */
  readonly #known = new Map<string, InfoHash>()
  /** Requests under way at a time to nodes that are of use to the search: the 14 closest. */
  most = 0

  constructor(seed: number, cast: Cast) {
    this.#cast = cast
    this.net = new MiniNetwork(seed)
    this.node = this.net.add()
    this.peers = cast.map(([manner], n) => this.#peer(manner, n))
    for (const [n, [, spread]] of cast.entries()) {
      const others = this.peers.map((_, i) => this.peers[(n + 1 + i * (1 + spread)) % cast.length]!)
      this.peers[n]!.neighbours = [...new Set(others)].slice(0, 8)
    }
    this.net.onSend = (bytes, from, to) => this.#watch(bytes, from, to)
  }

  /** Gets under the key; the peers given are those that the node knows from the start. */
  get(known: number): number {
    const { net, node } = this
    const addresses = this.peers.slice(0, known).map(({ address }) => address)
    node.dht.bootstrap(addresses, net.now)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.runUntil(() => outcomesOf(node, operation).length > 0, 15 * 60_000)
    return operation
  }

  #peer(manner: Manner, n: number): FakePeer {
    const peer = new FakePeer(this.net, InfoHash.get(`peer ${n}`), peerAddress(n))
    peer.script = (_, request) => this.#act(manner, peer, request)
    return peer
  }

  #act(manner: Manner, peer: FakePeer, request: Received): boolean {
    const { net } = this
    if (request.message.kind === Kind.Ping && manner !== 'silent') return false
    if (manner === 'refuses') peer.refuse(request, net.random.pick([203, 401, 404, 999]))
    else if (manner === 'sends garbage') net.send(peer.address, request.from, junk(net))
    else if (manner === 'answers sometimes') return net.random.chance(0.5)
    else if (manner === 'answers from elsewhere') {
      const elsewhere = peer.address.withPort(4223)
      const { tid } = request.message
      peer.send(request.from, (e, w) => e.acknowledge(w, tid, request.from), elsewhere)
    } else if (manner === 'uses another id') {
      const other = new FakePeer(net, InfoHash.random(net.random), peerAddress(251))
      const { tid } = request.message
      other.send(request.from, (e, w) => e.acknowledge(w, tid, request.from), peer.address)
    } else if (manner !== 'silent') {
      this.#prepare(manner, peer)
      return false
    }
    return true
  }

  #prepare(manner: Manner, peer: FakePeer): void {
    const { net, node } = this
    if (manner === 'lists nobody') peer.neighbours = []
    if (manner === 'has no token') peer.token = new Uint8Array(0)
    if (manner === 'claims values') peer.values = [text('claimed', 1n), text('other', 2n)]
    if (manner === 'lists the dead') {
      peer.neighbours = Array.from({ length: 8 }, (_, n) => ({
        id: InfoHash.random(net.random),
        address: peerAddress(200 + n),
      }))
    }
    if (manner === 'lists rubbish') {
      peer.neighbours = [
        { id: node.dht.id, address: node.address },
        { id: new InfoHash(), address: peerAddress(1) },
        { id: InfoHash.get('m'), address: SocketAddress.v4(0xe0000001 | 0, 1) },
        { id: InfoHash.get('p'), address: peerAddress(1, 0) },
        { id: KEY, address: peerAddress(3) },
        { id: peer.id, address: peerAddress(5) },
      ]
    }
  }

  #watch(bytes: Uint8Array, from: SocketAddress, to: SocketAddress): void {
    const message = decode(bytes)
    if (message === undefined) return
    const { net, node } = this
    const pending = this.#inFlight.get(message.tid)
    if (from.equals(node.address)) {
      const isLookup = message.kind === Kind.Get && !message.query?.select.isEmpty
      if (!isLookup) return
      // What is sent for the second time does not count as timely any more.
      if (pending !== undefined) pending.until = net.now
      else this.#asked(message.tid, to)
    } else if (to.equals(node.address)) {
      this.#known.set(message.id.toString(), message.id)
      for (const { id } of readCompactNodes(message, message.nodes4, 4, 16) ?? []) {
        this.#known.set(id.toString(), id)
      }
      if (pending !== undefined) pending.until = Math.min(pending.until, net.now + net.delayMs)
      this.#unmask(from)
    }
  }

  /** A dishonest peer said something: whatever it was, the node may be through with it. */
  #unmask(from: SocketAddress): void {
    const n = this.peers.findIndex(({ address }) => address.equals(from))
    if (n < 0 || this.#cast[n]![0] === 'honest') return
    const { id } = this.peers[n]!
    if (!this.#unmasked.has(id)) this.#unmasked.set(id, this.net.now + this.net.delayMs)
  }

  #asked(tid: number, to: SocketAddress): void {
    const { id } = this.peers.find((peer) => peer.address.equals(to)) ?? { id: new InfoHash() }
    this.#inFlight.set(tid, { id, until: Number.POSITIVE_INFINITY })
    const sorted = [...this.#known.values()].sort((a, b) => KEY.compareDistance(a, b))
    const useful = sorted.slice(0, SEARCH_NODES)
    let timely = 0
    for (const { id, until } of this.#inFlight.values()) {
      const end = Math.min(until, this.#unmasked.get(id) ?? until)
      if (end > this.net.now && useful.some((other) => other.equals(id))) timely++
    }
    this.most = Math.max(this.most, timely)
  }
}

describe('a get', () => {
  it('ends and asks at most eight nodes at a time, whoever answers', () => {
    fc.assert(
      fc.property(fc.integer(), peers, fc.integer({ min: 1, max: 60 }), (seed, cast, known) => {
        const world = new World(seed, cast)
        const operation = world.get(known)
        assert.equal(outcomesOf(world.node, operation).length, 1, 'ends once')
        assert(world.most <= 8, `${world.most} at a time`)
        const { internal } = world.node.dht.stats(world.net.now).dropped
        assert.equal(internal, 0)
        world.net.run(60_000)
        assert.equal(outcomesOf(world.node, operation).length, 1, 'ends once')
      }),
      { numRuns: 150 },
    )
  })

  it('asks each node once when all answer', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, size) => {
        const cast = Array.from({ length: size }, () => ['honest', 0] as const)
        const world = new World(seed, cast)
        const operation = world.get(1)
        assert.deepEqual(outcomesOf(world.node, operation), ['ok'])
        for (const peer of world.peers) assert(peer.requests(Kind.Get).length <= 1)
      }),
      { numRuns: 40 },
    )
  })

  it('finds a value that honest nodes near the key hold among others that do not answer', () => {
    const bad = fc.constantFrom(...MANNERS.filter((manner) => manner !== 'honest'))
    fc.assert(
      fc.property(fc.integer(), fc.array(bad, { maxLength: 20 }), (seed, manners) => {
        const honest = Array.from({ length: 10 }, () => ['honest', 0] as const)
        const cast = [...honest, ...manners.map((manner) => [manner, 1] as const)]
        const world = new World(seed, cast)
        for (const peer of world.peers.slice(0, 10)) {
          peer.neighbours = world.peers
            .toSorted((a, b) => KEY.compareDistance(a.id, b.id))
            .slice(0, 8)
          peer.values = [text('found', 77n)]
        }
        const operation = world.get(3)
        assert.deepEqual(outcomesOf(world.node, operation), ['ok'])
        assert(textsOf(world.node, operation).includes('found'))
      }),
      { numRuns: 60 },
    )
  })
})

function junk(net: MiniNetwork): Uint8Array {
  const bytes = new Uint8Array(net.random.uint32() % 100)
  net.random.fill(bytes)
  return bytes
}
