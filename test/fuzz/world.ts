// SPDX-License-Identifier: MIT
// An engine in the middle of its work - searches, listens, puts, a store for others - among honest
// nodes and hostile ones, and a stream of inputs for it. All of it follows from the seed.

import type { DhtConfig } from '../../src/core/config.ts'
import { DEFAULT_PORT } from '../../src/core/constants.ts'
import type { DhtEvent } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { type Family, SocketAddress } from '../../src/core/id/socket-address.ts'
import type { SignatureVerifier } from '../../src/core/ports.ts'
import { Field, QUERY_ALL, Query, Select } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { toHex } from '../support/vectors.ts'
import { HostilePeer } from './hostile-peer.ts'
import { ItemWriter } from './items.ts'
import { mutate } from './mutate.ts'

const HONEST_NODES = 5
const HOSTILE_PEERS = 24
/** Datagrams of the engine's peers that are kept to be damaged and sent again. */
const RECENT = 64
/** Inputs for each of the engine's own operations. */
const GET_EVERY = 10_000
/** Inputs after which so much time passes that values, listeners and tokens expire. */
const EXPIRE_EVERY = 50_000
const FIRST_EXPIRY = 10_000
const EXPIRE_MS = 11 * 60_000
/** Peers that break the protocol are blocked by address and port. */
const MOVE_CHANCE = 1 / 100
/** Accepts about half of all signatures, so that both ways are taken. */
const VERIFIER: SignatureVerifier = {
  verify: (_owner, _text, signature) => (signature[0]! & 1) === 0,
}

export class World {
  readonly network: MiniNetwork
  /** The engine under test. */
  readonly node: MiniNode
  readonly honest: readonly MiniNode[]
  readonly keys: readonly InfoHash[]
  readonly listens: number[] = []
  readonly puts: { key: InfoHash; id: bigint }[] = []
  readonly gets = new Set<number>()
  /** Inputs so far. */
  count = 0
  readonly #seed: number
  readonly #random: SeededRandom
  readonly #corpus: readonly Uint8Array[]
  readonly #hostile: HostilePeer[] = []
  readonly #recent: Uint8Array[] = []
  readonly #queue: { bytes: Uint8Array; from: SocketAddress }[] = []
  #internalError: string | undefined
  #isQuiet = false

  constructor(seed: number, config: DhtConfig, corpus: readonly Uint8Array[]) {
    this.#seed = seed
    this.#random = new SeededRandom(seed)
    this.#corpus = corpus
    const network = new MiniNetwork(seed)
    this.network = network
    this.keys = Array.from({ length: 8 }, (_, i) => InfoHash.get(`key ${i}`))
    const families = config.families ?? [4, 6]
    const shared = { network: config.network ?? 0, families }
    this.honest = network.addMany(HONEST_NODES, shared)
    const log = {
      enabled: () => true,
      write: (level: string, text: string) => {
        if (level === 'error') this.#internalError ??= text
      },
    }
    this.node = network.add({ ...config, families }, { log, verifier: VERIFIER })
    network.join()
    for (let n = 0; n < HOSTILE_PEERS; n++) this.#addHostile(n, families, shared.network)
    // Instead of `onSend`, since most of what is sent here has nowhere to arrive.
    network.carries = (from, to, bytes) => this.#carries(bytes, from, to)
    this.#startWork()
  }

  /** One input, and what time brings. Throws with all that is needed to repeat it. */
  step(): void {
    const { bytes, from } = this.#next()
    this.count++
    try {
      this.receive(bytes, from)
      if (this.#random.chance(0.1)) this.#passTime()
      if (this.count % GET_EVERY === 0) this.#get()
      if (this.count % EXPIRE_EVERY === FIRST_EXPIRY) this.run(EXPIRE_MS)
    } catch (error) {
      const what = `seed ${this.#seed}, input ${this.count} from ${from}, ${this.network.now} ms`
      throw new Error(`${what}: ${toHex(bytes)}`, { cause: error })
    }
  }

  /** Gives the engine a datagram. Throws when that uncovers a bug of it. */
  receive(bytes: Uint8Array, from: SocketAddress): void {
    this.node.dht.receive(bytes, from, this.network.now)
    this.network.pump(this.node)
    if (this.#internalError !== undefined) throw new Error(this.#internalError)
  }

  /** The hostile peers fall silent for good. */
  calm(): void {
    this.#isQuiet = true
  }

  /** Lets time pass as a driver does: names are resolved when the engine asks for it. */
  run(ms: number): void {
    const end = this.network.now + ms
    while (this.network.now < end) {
      this.network.run(Math.min(1000, end - this.network.now))
      this.#serveEvents()
      if (this.#internalError !== undefined) throw new Error(this.#internalError)
    }
  }

  #addHostile(n: number, families: readonly Family[], network: number): void {
    const random = this.#random
    let id = InfoHash.random(random)
    // Every other one sits where a key is, closer than any honest node.
    const key = this.keys[n % this.keys.length]!
    for (let bit = 0; n % 2 === 0 && bit < 30; bit++) id = id.withBit(bit, key.bit(bit))
    const isIpv6 = families.includes(6) && n % 3 === 0
    // Sixteen hosts: some peers share one.
    const host = n % 16
    const address = isIpv6
      ? SocketAddress.v6(0x20010db8, 0xffff0000 | host, 0, 1, 4000 + n)
      : SocketAddress.v4((192 << 24) | (168 << 16) | (host << 8) | 1, 4000 + n)
    const isClient = n % 8 === 7
    this.#hostile.push(new HostilePeer({ id, address, network, isClient, keys: this.keys, random }))
  }

  /** Operations that have to outlive all that follows, and something in the store. */
  #startWork(): void {
    const { dht } = this.node
    const { now } = this.network
    for (const key of this.keys.slice(0, 4)) this.listens.push(dht.startListen(key, QUERY_ALL, now))
    for (const [i, key] of this.keys.slice(2, 5).entries()) {
      const value = new Value({ id: BigInt(1000 + i), data: new Uint8Array([i]) })
      dht.startPut(key, value, { permanent: true }, now)
      this.puts.push({ key, id: value.id })
    }
    this.run(5000)
  }

  #get(): void {
    const key = this.#random.pick(this.keys)
    const query = this.#random.chance(0.3) ? new Query(new Select([Field.Id])) : QUERY_ALL
    const { dht } = this.node
    this.gets.add(dht.startGet(key, query, this.network.now))
    if (this.#random.chance(0.3)) {
      const value = new Value({ id: BigInt(1 + (this.#random.uint32() % 200)) })
      this.gets.add(dht.startPut(key, value, {}, this.network.now).operation)
    }
    this.network.pump(this.node)
  }

  #next(): { bytes: Uint8Array; from: SocketAddress } {
    const waiting = this.#queue.shift()
    if (waiting !== undefined) return waiting
    const random = this.#random
    const peer = random.pick(this.#hostile)
    if (random.chance(MOVE_CHANCE)) peer.move()
    const from = this.#sender(peer)
    const dice = random.uint32() % 100
    if (dice < 55) {
      const sent = (dice < 30 ? peer.answer() : undefined) ?? peer.request()
      return this.#send(sent, from)
    }
    if (dice < 75) return { bytes: this.#damage(random.pick(this.#corpus)), from }
    if (dice < 85 && this.#recent.length > 0) {
      return { bytes: this.#damage(random.pick(this.#recent)), from }
    }
    const known = [peer.id, this.node.dht.id, random.pick(this.keys)].map((hash) => hash.toBytes())
    const items = new ItemWriter(random, [...known, peer.token], peer.numbers)
    return { bytes: items.message(), from }
  }

  /** Puts a message and its fragments in line, in order or not, whole or damaged. */
  #send(sent: Uint8Array[], from: SocketAddress): { bytes: Uint8Array; from: SocketAddress } {
    const random = this.#random
    if (sent.length > 1) {
      if (random.chance(0.3)) sent.reverse()
      if (random.chance(0.3)) sent.splice(random.uint32() % sent.length, 1)
      if (random.chance(0.1)) sent.push(...sent.slice(0, 3))
    }
    const isDamaged = random.chance(0.4)
    for (const bytes of sent) {
      const isHit = isDamaged && random.chance(2 / sent.length)
      this.#queue.push({ bytes: isHit ? this.#damage(bytes) : bytes, from })
    }
    return this.#queue.shift()!
  }

  #damage(bytes: Uint8Array): Uint8Array {
    return mutate(bytes, this.#random, this.#random.pick(this.#corpus))
  }

  /** Nearly always the peer's own address. */
  #sender(peer: HostilePeer): SocketAddress {
    const random = this.#random
    if (random.chance(0.95)) return peer.address
    if (random.chance(0.3)) return random.pick(this.honest).address
    if (random.chance(0.3)) return peer.address.withPort(random.uint32() & 0xffff)
    return SocketAddress.v4(random.uint32(), DEFAULT_PORT)
  }

  #passTime(): void {
    const random = this.#random
    const jump = random.uint32() % 10_000
    // Seldom enough for fragments and retries to live on.
    const ms = jump < 4 ? 60_000 : jump < 20 ? 1500 : random.uint32() & 7
    if (ms > 7) return this.run(ms)
    this.network.run(ms)
    if (random.chance(0.05)) this.#serveEvents()
  }

  #serveEvents(): void {
    const events = this.node.events.splice(0)
    for (const event of events) this.#onEvent(event)
    for (const { events } of this.honest) events.length = 0
  }

  #onEvent(event: DhtEvent): void {
    if (event.kind === 'bootstrap-wanted') {
      const addresses = this.honest.flatMap((node) => node.addresses)
      this.node.dht.bootstrap(addresses, this.network.now)
    } else if (event.kind === 'done') {
      if (this.listens.includes(event.operation)) throw new Error('A listen ended by itself')
      this.gets.delete(event.operation)
    }
  }

  /**
   * Sees every datagram in the network: hostile peers get theirs at once, and of some that are
   * meant for the engine a damaged copy follows. False when nobody lives at `to`.
   */
  #carries(bytes: Uint8Array, from: SocketAddress, to: SocketAddress): boolean {
    if (this.#isHonest(to)) {
      if (!this.node.addresses.some((own) => own.equals(to))) return true
      this.#recent.push(bytes)
      if (this.#recent.length > RECENT) this.#recent.shift()
      if (!this.#isQuiet && this.#random.chance(0.02)) {
        this.#queue.push({ bytes: this.#damage(bytes), from })
      }
      return true
    }
    this.#hostile.find(({ address }) => address.equals(to))?.hear(bytes)
    return false
  }

  /** The honest nodes and the engine have addresses of their own kind. */
  #isHonest(address: SocketAddress): boolean {
    return address.port === DEFAULT_PORT
  }
}
