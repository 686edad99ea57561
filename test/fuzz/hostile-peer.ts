// SPDX-License-Identifier: MIT
// A node that knows the protocol and abuses it: it answers what it is asked, stores, listens and
// pushes with proper tokens and ids, but nonsense. Makes datagrams only; the world of the fuzzer
// damages some of them and delivers them.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { SocketAddress } from '../../src/core/id/socket-address.ts'
import { toByteText } from '../../src/core/util/bytes.ts'
import { packFields } from '../../src/core/value/field-value-index.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import {
  type Condition,
  FIELDS,
  Field,
  QUERY_ALL,
  QUERY_IDS_SEQ,
  Query,
  Select,
  Where,
} from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import type { Answer } from '../../src/core/wire/message-parts.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { answerWithValues } from '../../src/core/wire/value-list.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

/** A request of the engine that waits for an answer. */
interface Asked {
  readonly kind: Kind
  readonly tid: number
}

/** Requests and socket ids that are remembered; older ones were answered or given up. */
const MEMORY = 32
const SIZES = [0, 1, 20, 100, 300, 500, 599, 700, 1280, 3000]
const TOKEN = new Uint8Array(32).fill(9)
const FIRST_PORT_BYTE = 0x10

export class HostilePeer {
  readonly id: InfoHash
  address: SocketAddress
  /** Last token of the engine for this address. */
  token: Uint8Array = TOKEN
  readonly #random: SeededRandom
  readonly #encoder: MessageEncoder
  readonly #keys: readonly InfoHash[]
  readonly #writer = new MsgpackWriter(2048)
  readonly #asked: Asked[] = []
  readonly #sockets: number[] = []
  readonly #heard = new Message()

  constructor(init: {
    id: InfoHash
    address: SocketAddress
    network: number
    isClient: boolean
    keys: readonly InfoHash[]
    random: SeededRandom
  }) {
    const { id, network, isClient } = init
    this.id = id
    this.address = init.address
    this.#keys = init.keys
    this.#random = init.random
    this.#encoder = new MessageEncoder({ id, network, isClient, agent: 'o2' })
  }

  /** Socket and transaction ids that mean something to the engine. */
  get numbers(): number[] {
    return [...this.#sockets, ...this.#asked.map(({ tid }) => tid)]
  }

  /** Goes on from another port, as who was blocked would; tokens and sockets stay behind. */
  move(): void {
    this.address = this.address.withPort(1024 + (this.#random.uint32() % 60_000))
    this.#asked.length = 0
  }

  /** Takes in a datagram of the engine. */
  hear(datagram: Uint8Array): void {
    const message = this.#heard
    decodeMessage(message, datagram)
    if (message.token.length > 0 && message.kind !== Kind.Put) this.token = message.token.slice()
    if (message.kind === Kind.Listen) remember(this.#sockets, message.socketId)
    if (message.kind < Kind.Reply) remember(this.#asked, { kind: message.kind, tid: message.tid })
  }

  /** A correct answer to the oldest request that has none; undefined when all have one. */
  answer(): Uint8Array[] | undefined {
    const asked = this.#asked.shift()
    if (asked === undefined) return undefined
    const { kind, tid } = asked
    if (kind === Kind.Find) return this.#write((w) => this.#nodes(w, tid, undefined))
    if (kind !== Kind.Get) return this.#write((w) => this.#acknowledge(w, kind, tid))
    const answer = this.#getAnswer()
    const header = this.#write((w) => this.#nodes(w, tid, answer))
    return answer?.kind === 'sizes' ? [...header, ...this.#fragments(tid, answer.packed)] : header
  }

  /** A request, or a push to a listen socket of the engine, with its fragments. */
  request(): Uint8Array[] {
    const random = this.#random
    const encoder = this.#encoder
    const key = random.pick(this.#keys)
    const tid = random.uint32()
    switch (random.uint32() % 8) {
      case 0:
        return this.#write((w) => encoder.ping(w, tid))
      case 1:
        return this.#write((w) => encoder.find(w, tid, key, random.chance(0.5) ? [4, 6] : []))
      case 2:
        return this.#write((w) => encoder.get(w, tid, key, this.#query()))
      case 3:
        return this.#write((w) =>
          encoder.refresh(w, tid, key, this.#valueId(), toByteText(this.token)),
        )
      case 4:
        return this.#listen(tid, key)
      case 5:
        return this.#push(tid, key)
      default:
        return this.#put(tid, key)
    }
  }

  #put(tid: number, key: InfoHash): Uint8Array[] {
    const answer = answerWithValues(this.#values())
    const created = this.#random.chance(0.5) ? undefined : this.#random.uint32()
    const header = this.#write((w) =>
      this.#encoder.put(w, tid, key, answer, toByteText(this.token), created),
    )
    return answer.kind === 'sizes' ? [...header, ...this.#fragments(tid, answer.packed)] : header
  }

  #listen(tid: number, key: InfoHash): Uint8Array[] {
    const socketId = 1 + (this.#random.uint32() % 2)
    const query = this.#random.chance(0.5) ? undefined : this.#query()
    return this.#write((w) =>
      this.#encoder.listen(w, tid, key, toByteText(this.token), socketId, query),
    )
  }

  #push(tid: number, key: InfoHash): Uint8Array[] {
    const random = this.#random
    const socketId = this.#sockets.length > 0 ? random.pick(this.#sockets) : random.uint32()
    if (random.chance(0.1)) {
      return this.#write((w) => this.#encoder.pushIds(w, socketId, this.token, 're', [1n, 2n]))
    }
    if (random.chance(0.5)) {
      const change = random.chance(0.5) ? 're' : 'exp'
      const ids = [this.#valueId(), this.#valueId()]
      const { token } = this
      return this.#write((w) => this.#encoder.updateIds(w, tid, socketId, token, change, ids))
    }
    const answer = answerWithValues(this.#values())
    const header = this.#write((w) =>
      this.#encoder.update(w, tid, key, socketId, answer, this.token),
    )
    return answer.kind === 'sizes' ? [...header, ...this.#fragments(tid, answer.packed)] : header
  }

  #acknowledge(w: MsgpackWriter, kind: Kind, tid: number): void {
    const random = this.#random
    const code = [203, 401, 404, 0][random.uint32() & 3]!
    if (random.chance(0.1)) return this.#encoder.error(w, tid, code, 'no')
    if (kind === Kind.Put || kind === Kind.Refresh) {
      return this.#encoder.stored(w, tid, this.address, this.#valueId())
    }
    if (kind === Kind.Listen) return this.#encoder.listening(w, tid, this.address, TOKEN)
    this.#encoder.acknowledge(w, tid, this.address)
  }

  #nodes(w: MsgpackWriter, tid: number, answer: Answer | undefined): void {
    const nodes4 = this.#nodeList(26)
    const nodes6 = this.#nodeList(38)
    this.#encoder.nodes(w, tid, this.address, { nodes4, nodes6 }, TOKEN, answer)
  }

  /** Invented nodes near the keys, in an address range where nobody answers. */
  #nodeList(nodeBytes: number): Uint8Array {
    const list = new Uint8Array(nodeBytes * (this.#random.uint32() % 4))
    this.#random.fill(list)
    for (let at = 0; at < list.length; at += nodeBytes) {
      if (this.#random.chance(0.5)) this.#near(this.#random.pick(this.#keys)).writeTo(list, at)
      list[at + 20] = 0x2a
      list[at + nodeBytes - 2] = FIRST_PORT_BYTE
    }
    return list
  }

  /** An id that shares 8 to 100 bits with `key`. */
  #near(key: InfoHash): InfoHash {
    let id = InfoHash.random(this.#random)
    const common = 8 + (this.#random.uint32() % 16)
    for (let bit = 0; bit < common; bit++) id = id.withBit(bit, key.bit(bit))
    return id
  }

  #getAnswer(): Answer | undefined {
    const random = this.#random
    if (random.chance(0.2)) return undefined
    if (random.chance(0.4)) return answerWithValues(this.#values())
    const fields = random.chance(0.7) ? QUERY_IDS_SEQ.select : this.#select()
    const values = Array.from({ length: random.uint32() % 5 }, () => this.#value(10))
    return { kind: 'fields', write: (writer) => void packFields(writer, fields, values, 50_000) }
  }

  #select(): Select {
    const fields = FIELDS.filter(() => this.#random.chance(0.5))
    return new Select(fields.length === 0 ? [Field.Id] : fields)
  }

  #query(): Query {
    const random = this.#random
    if (random.chance(0.3)) return QUERY_ALL
    if (random.chance(0.3)) return QUERY_IDS_SEQ
    const conditions: Condition[] = []
    if (random.chance(0.4)) conditions.push({ field: Field.Id, value: this.#valueId() })
    if (random.chance(0.3)) conditions.push({ field: Field.Type, value: random.uint32() % 4 })
    if (random.chance(0.2)) conditions.push({ field: Field.Owner, value: this.id })
    if (random.chance(0.2)) conditions.push({ field: Field.UserType, value: 'text/plain' })
    return new Query(random.chance(0.5) ? undefined : this.#select(), new Where(conditions))
  }

  #values(): Uint8Array[] {
    const random = this.#random
    const count = random.chance(0.01) ? 60 : 1 + (random.uint32() % 3)
    const size = random.chance(0.003) ? 65_000 : random.pick(SIZES)
    return Array.from({ length: count }, () => packedValue(this.#value(size)))
  }

  #value(size: number): Value {
    const random = this.#random
    const data = new Uint8Array(size)
    if (size > 0) data[0] = random.uint32()
    if (random.chance(0.1)) return new Value({ id: this.#valueId(), cypher: data })
    const isTyped = random.chance(0.3)
    return new Value({
      id: random.chance(0.01) ? 0n : this.#valueId(),
      data,
      type: isTyped ? random.uint32() % 10 : 0,
      userType: isTyped ? 'text/plain' : '',
      priority: isTyped ? 1 : 0,
    })
  }

  #valueId(): bigint {
    return BigInt(1 + (this.#random.uint32() % 200))
  }

  #fragments(tid: number, packed: readonly Uint8Array[]): Uint8Array[] {
    const size = this.#random.chance(0.9) ? 1280 : 1 + (this.#random.uint32() % 200)
    const sent: Uint8Array[] = []
    for (const [index, bytes] of packed.entries()) {
      for (let offset = 0; offset < bytes.length && sent.length < 60; offset += size) {
        const piece = bytes.subarray(offset, offset + size)
        sent.push(...this.#write((w) => this.#encoder.fragment(w, tid, index, offset, piece)))
      }
    }
    return sent
  }

  #write(encode: (writer: MsgpackWriter) => void): Uint8Array[] {
    this.#writer.position = 0
    encode(this.#writer)
    return [this.#writer.take()]
  }
}

function remember<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > MEMORY) list.shift()
}
