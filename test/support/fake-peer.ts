// SPDX-License-Identifier: MIT
// A peer whose behaviour is a script: speaks the protocol with the project's codec and has no state
// of its own. By default it answers like a node that stores nothing and knows its `neighbours`.

import type { InfoHash } from '../../src/core/id/info-hash.ts'
import type { SocketAddress } from '../../src/core/id/socket-address.ts'
import { packFields } from '../../src/core/value/field-value-index.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import type { Value } from '../../src/core/value/value.ts'
import {
  compactNodeBytes,
  type ListedNode,
  writeCompactNodes,
} from '../../src/core/wire/compact-nodes.ts'
import { Kind, type Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import type { Answer } from '../../src/core/wire/message-parts.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { answerWithValues } from '../../src/core/wire/value-list.ts'
import type { MiniNetwork } from './mini-network.ts'
import { decode } from './traffic.ts'

export interface Received {
  readonly at: number
  readonly from: SocketAddress
  readonly message: Message
}

/** Answers, or does something else; true when the request is dealt with. */
export type Script = (peer: FakePeer, request: Received) => boolean

export const FAKE_TOKEN = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

export class FakePeer {
  readonly net: MiniNetwork
  readonly id: InfoHash
  readonly address: SocketAddress
  readonly encoder: MessageEncoder
  readonly received: Received[] = []
  /** What answers to find and get list. */
  neighbours: readonly ListedNode[] = []
  /** What answers to get hold. */
  values: readonly Value[] = []
  token: Uint8Array = FAKE_TOKEN
  script: Script = () => false
  #lastTid = 0x1000

  constructor(
    net: MiniNetwork,
    id: InfoHash,
    address: SocketAddress,
    options: { network?: number; isClient?: boolean } = {},
  ) {
    const { network = 0, isClient = false } = options
    this.net = net
    this.id = id
    this.address = address
    this.encoder = new MessageEncoder({ id, network, isClient, agent: 'fake' })
    net.attach(address, (bytes, from) => this.#receive(bytes, from))
  }

  /** Sends one message. */
  send(
    to: SocketAddress,
    encode: (encoder: MessageEncoder, writer: MsgpackWriter) => void,
    from: SocketAddress = this.address,
  ): void {
    const writer = new MsgpackWriter()
    encode(this.encoder, writer)
    this.net.send(from, to, writer.take())
  }

  /** Sends one request and gives what comes back under its transaction id, in order. */
  ask(
    to: SocketAddress,
    encode: (encoder: MessageEncoder, writer: MsgpackWriter, tid: number) => void,
  ): Message[] {
    const tid = ++this.#lastTid
    const known = this.received.length
    this.send(to, (encoder, writer) => encode(encoder, writer, tid))
    this.net.run(2 * this.net.delayMs + 1)
    const answers = this.received.slice(known).filter(({ message }) => message.tid === tid)
    return answers.map(({ message }) => message)
  }

  /** The token that the node at `to` gives to this peer. */
  tokenOf(to: SocketAddress): Uint8Array {
    const [answer] = this.ask(to, (e, w, tid) => e.find(w, tid, this.id, []))
    return answer?.token ?? new Uint8Array(0)
  }

  /** Requests of one kind that it got. */
  requests(kind: Kind): Received[] {
    return this.received.filter(({ message }) => message.kind === kind)
  }

  /** Answers `request` as an honest node would. */
  serve({ message, from }: Received): void {
    const { kind, tid } = message
    if (kind === Kind.Find || kind === Kind.Get) return this.#answer(message, from)
    this.send(from, (encoder, writer) => {
      if (kind === Kind.Ping || kind === Kind.Update) encoder.acknowledge(writer, tid, from)
      else if (kind === Kind.Listen) encoder.listening(writer, tid, from, this.token)
      else encoder.stored(writer, tid, from, message.valueId ?? 1n)
    })
  }

  /** Answers `request` with an error. */
  refuse({ message, from }: Received, code: number): void {
    this.send(from, (encoder, writer) => encoder.error(writer, message.tid, code, 'no'))
  }

  #receive(bytes: Uint8Array, from: SocketAddress): void {
    const message = decode(bytes)
    if (message === undefined) return
    const received = { at: this.net.now, from, message }
    this.received.push(received)
    const isRequest = message.kind >= Kind.Ping && message.kind <= Kind.Update
    if (isRequest && !this.script(this, received)) this.serve(received)
  }

  #answer(message: Message, from: SocketAddress): void {
    const matching = this.values.filter((value) => message.query?.matches(value) ?? true)
    const lists = { nodes4: this.#list(4), nodes6: this.#list(6) }
    let answer: Answer | undefined
    if (message.kind === Kind.Get && matching.length > 0) {
      const select = message.query?.select
      if (select === undefined || select.isEmpty)
        answer = answerWithValues(matching.map(packedValue))
      else answer = { kind: 'fields', write: (w) => void packFields(w, select, matching, 60_000) }
    }
    this.send(from, (encoder, writer) =>
      encoder.nodes(writer, message.tid, from, lists, this.token, answer),
    )
    if (answer?.kind !== 'sizes') return
    for (const [index, packed] of answer.packed.entries()) {
      for (let at = 0; at < packed.length; at += 1280) {
        const piece = packed.subarray(at, at + 1280)
        this.send(from, (encoder, w) => encoder.fragment(w, message.tid, index, at, piece))
      }
    }
  }

  #list(family: 4 | 6): Uint8Array {
    const nodes = this.neighbours.filter(({ address }) => address.family === family)
    return writeCompactNodes(new Uint8Array(nodes.length * compactNodeBytes(family)), nodes, family)
  }
}
