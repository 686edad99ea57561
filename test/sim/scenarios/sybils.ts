// SPDX-License-Identifier: MIT
// Somebody with the addresses of four networks takes the ids around a key, as many as there are
// honest nodes: all of them closer to it than any of these. They live as nodes do, but list only
// each other, take every value, and have none.

import type { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Value } from '../../../src/core/value/value.ts'
import {
  compactNodeBytes,
  type ListedNode,
  writeCompactNodes,
} from '../../../src/core/wire/compact-nodes.ts'
import { decodeMessage } from '../../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../../src/core/wire/message.ts'
import { MessageEncoder, type NodeLists } from '../../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../../src/core/wire/msgpack-writer.ts'
import type { SimNetwork, SimNode } from '../../../src/sim/entry.ts'
import { grow, key, SECOND_MS, spread, Tally, watch } from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

const PREFIXES = 4
const NEIGHBOURS = 8
/** Bits that the ids of the sybils share with the key. */
const COMMON_BITS = 24
const TOKEN = new Uint8Array(8).fill(7)
const FIRST_NETWORK = 0x500000

/** Puts, and as many gets. */
const OPERATIONS = 50
const PAUSE_MS = 200

interface Liar extends ListedNode {
  readonly node: SimNode
}

interface Use {
  readonly puts: Tally
  readonly gets: Tally
}

export const sybils: Scenario = {
  name: 'sybils',
  summary: 'As many liars of four networks as honest nodes take the ids around a key: it works.',
  nodes: 100,
  async run(stage) {
    const { network, nodes: count, note, expect } = stage
    watch(network)
    const honest = await grow(network, count, { overMs: 20 * count, settleMs: 30 * SECOND_MS })
    const quiet = await use(stage, honest, key('left alone'))
    const liars = new Sybils(network, key('under attack'), count)
    await network.run(20 * count + 60 * SECOND_MS)
    const hash = key('under attack')
    const attacked = await use(stage, honest, hash)
    const holders = honest.filter(({ dht }) => dht.localValues(hash).length === OPERATIONS)
    for (const [name, { puts, gets }] of Object.entries({ quiet, attacked })) {
      note(`${name} puts`, String(puts))
      note(`${name} gets`, String(gets))
    }
    note('honest holders', holders.length)
    note('liars in the table of an honest node', liars.knownTo(honest))
    for (const { puts, gets } of [quiet, attacked]) {
      expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
      expect(gets.success === 1, `every get to find every value (${gets.lastError})`)
    }
    for (const kind of ['puts', 'gets'] as const) {
      expect(attacked[kind].p99 < 2 * quiet[kind].p99, `p99 of ${kind} below twice the quiet one`)
    }
  },
}

class Sybils {
  readonly #liars: Liar[] = []
  readonly #network: SimNetwork
  readonly #key: InfoHash
  readonly #message = new Message()

  constructor(network: SimNetwork, key: InfoHash, count: number) {
    this.#network = network
    this.#key = key
    for (let n = 0; n < count; n++) this.#liars.push(this.#add(n))
    const byDistance = this.#liars.toSorted((a, b) => key.compareDistance(a.id, b.id))
    const closest = byDistance.slice(0, NEIGHBOURS)
    const list = new Uint8Array(NEIGHBOURS * compactNodeBytes(4))
    const lists = { nodes4: writeCompactNodes(list, closest, 4), nodes6: new Uint8Array(0) }
    for (const { id, node } of this.#liars) {
      const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: 'sy' })
      node.intercept((bytes, from) => this.#lie(node, encoder, lists, bytes, from))
    }
  }

  /** How many of them are in the routing table of one of `honest`, on average. */
  knownTo(honest: readonly SimNode[]): number {
    const ids = new Set(this.#liars.map(({ id }) => id.toString()))
    const known = honest.flatMap(({ dht, clockMs }) =>
      dht.routingTable(4, clockMs).buckets.flatMap(({ nodes }) => nodes),
    )
    return known.filter(({ id }) => ids.has(id.toString())).length / honest.length
  }

  #add(n: number): Liar {
    const { random } = this.#network
    let id = this.#key
    for (let bit = COMMON_BITS; bit < 160; bit++) id = id.withBit(bit, random.below(2) as 0 | 1)
    const network = FIRST_NETWORK + (n % PREFIXES)
    const host = Math.floor(n / PREFIXES)
    const word = (network << 8) | (1 + (host % 250))
    const address = SocketAddress.v4(word, 4222 + Math.floor(host / 250))
    const node = this.#network.addNode({ id, addresses: [address], startAfterMs: 10 * n })
    return { id, address, node }
  }

  /** Answers for `node` what is asked around the key; all else is for its engine. */
  #lie(
    node: SimNode,
    encoder: MessageEncoder,
    lists: NodeLists,
    bytes: Uint8Array,
    from: SocketAddress,
  ): boolean {
    const message = this.#message
    decodeMessage(message, bytes)
    const { kind, tid } = message
    const isAboutKey = kind >= Kind.Find && kind <= Kind.Refresh
    if (!isAboutKey) return false
    const writer = new MsgpackWriter()
    if (kind === Kind.Find || kind === Kind.Get) encoder.nodes(writer, tid, from, lists, TOKEN)
    else if (kind === Kind.Listen) encoder.listening(writer, tid, from, TOKEN)
    else encoder.stored(writer, tid, from, message.valueId ?? 1n)
    node.send(writer.take(), from)
    return true
  }
}

/** Puts and gets of honest nodes under one key. */
async function use(stage: Stage, honest: readonly SimNode[], hash: InfoHash): Promise<Use> {
  const { network } = stage
  const [puts, gets] = [new Tally(), new Tally()]
  const writers = network.random.sample(honest, OPERATIONS)
  await spread(network, OPERATIONS, OPERATIONS * PAUSE_MS, (i) =>
    puts.time(network, async () => {
      await writers[i]!.put(hash, new Value({ id: BigInt(i + 1), data: Uint8Array.of(i) }))
      return true
    }),
  )
  const readers = network.random.sample(honest, OPERATIONS)
  await spread(network, OPERATIONS, OPERATIONS * PAUSE_MS, (i) =>
    gets.time(network, async () => (await readers[i]!.getAll(hash)).length === OPERATIONS),
  )
  return { puts, gets }
}
