// SPDX-License-Identifier: MIT
// Somebody with the addresses of a few networks takes the ids around a key, as many as there are
// honest nodes: all of them closer to it than any of these. They live as nodes do, but list only
// each other, take every value, and have none; or they keep silent when they are asked about keys.

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

const NEIGHBOURS = 8
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

interface Siege {
  /** Networks, each an IPv4 /24, that the liars have. */
  readonly prefixes: number
  /** Bits that their ids share with the key. */
  readonly commonBits: number
  readonly areSilent?: true
  /** How many times the quiet p99 is too much, 2 by default: who is silent has to be waited for. */
  readonly slowdown?: number
  /** How many there are; as many as honest nodes by default. */
  readonly liars?: number
}

export const sybils = siege(
  { name: 'sybils', nodes: 100 },
  'As many liars of four networks as honest nodes take the ids around a key: it works.',
  { prefixes: 4, commonBits: 24 },
)

export const sybilsFull = siege(
  { name: 'sybils-full', nodes: 1000 },
  'A thousand liars among a thousand honest nodes do the same.',
  { prefixes: 4, commonBits: 24 },
)

export const sybilsSilent = siege(
  { name: 'sybils-silent', nodes: 100 },
  'The liars answer nothing about the key: it works.',
  { prefixes: 4, commonBits: 24, areSilent: true, slowdown: 3 },
)

export const sybilsHidden = siege(
  { name: 'sybils-hidden', nodes: 100 },
  'Four liars that are not closer to the key than chance would have it: it works.',
  { prefixes: 4, commonBits: 8, liars: 4 },
)

function siege(
  { name, nodes }: Pick<Scenario, 'name' | 'nodes'>,
  summary: string,
  options: Siege,
): Scenario {
  return {
    name,
    summary,
    nodes,
    async run(stage) {
      const { network, nodes: count, note, expect } = stage
      watch(network)
      const honest = await grow(network, count, { overMs: 20 * count, settleMs: 30 * SECOND_MS })
      const quiet = await use(stage, honest, key('left alone'))
      const hash = key('under attack')
      const { slowdown = 2 } = options
      const liars = new Sybils(network, hash, { liars: count, ...options })
      await network.run(20 * count + 60 * SECOND_MS)
      const attacked = await use(stage, honest, hash)
      const holders = honest.filter(({ dht }) => dht.localValues(hash).length === OPERATIONS)
      for (const [when, { puts, gets }] of Object.entries({ quiet, attacked })) {
        note(`${when} puts`, String(puts))
        note(`${when} gets`, String(gets))
      }
      note('honest holders', holders.length)
      note('liars in the table of an honest node', liars.knownTo(honest))
      for (const { puts, gets } of [quiet, attacked]) {
        expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
        expect(gets.success === 1, `every get to find every value (${gets.lastError})`)
      }
      for (const kind of ['puts', 'gets'] as const) {
        const isFast = attacked[kind].p99 < slowdown * quiet[kind].p99
        expect(isFast, `p99 of ${kind} below ${slowdown} times the quiet one`)
      }
    },
  }
}

class Sybils {
  readonly #liars: Liar[] = []
  readonly #network: SimNetwork
  readonly #key: InfoHash
  readonly #siege: Siege
  readonly #message = new Message()

  constructor(network: SimNetwork, key: InfoHash, siege: Siege & { liars: number }) {
    this.#network = network
    this.#key = key
    this.#siege = siege
    for (let n = 0; n < siege.liars; n++) this.#liars.push(this.#add(n))
    const byDistance = this.#liars.toSorted((a, b) => key.compareDistance(a.id, b.id))
    const closest = byDistance.slice(0, NEIGHBOURS)
    const list = new Uint8Array(closest.length * compactNodeBytes(4))
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
    const { prefixes, commonBits } = this.#siege
    let id = this.#key
    for (let bit = commonBits; bit < 160; bit++) id = id.withBit(bit, random.below(2) as 0 | 1)
    const network = FIRST_NETWORK + (n % prefixes)
    const host = Math.floor(n / prefixes)
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
    if (this.#siege.areSilent) return true
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
