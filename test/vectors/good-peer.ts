// SPDX-License-Identifier: MIT
// An engine under test with one scripted peer that it knows as a good node, for tests that feed it
// recorded datagrams. IPv4 only, network 0, no sockets; the peer answers every request of the
// engine with what a node alone in the world would say, unless a test takes the request over.

import assert from 'node:assert/strict'
import { decode } from '@msgpack/msgpack'
import { Dht } from '../../src/core/dht.ts'
import type { DhtEvent } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { SeededRandom } from '../support/mini-network.ts'

const NO_NODES = { nodes4: new Uint8Array(0), nodes6: new Uint8Array(0) }
const PEER_TOKEN = new Uint8Array(32).fill(7)

export class GoodPeer {
  readonly id: InfoHash
  readonly dht: Dht
  readonly address = SocketAddress.v4(0x7f000001, 46703)
  readonly encoder: MessageEncoder
  readonly events: DhtEvent[] = []
  now = 1000
  /** Called with every request of the engine; true when the test deals with it. */
  onRequest: ((message: Message) => boolean) | undefined
  /** Replies and errors that the engine sent to the peer. */
  readonly answers: Uint8Array[] = []

  /** `engine` and `peer` are texts whose hashes are the ids. */
  constructor(engine: string, peer: InfoHash) {
    this.id = peer
    const random = new SeededRandom(1)
    this.dht = new Dht({ id: InfoHash.get(engine), families: [4] }, { random }, this.now)
    this.encoder = new MessageEncoder({ id: peer, network: 0, isClient: false, agent: 'zz' })
    this.dht.bootstrap([this.address], this.now)
    this.run(5000)
    assert.equal(this.dht.stats(this.now).ipv4.good, 1)
    assert.equal(this.dht.stats(this.now).requests.pending, 0)
  }

  /** One datagram of the peer, or of another address, and all that follows from it at once. */
  send(datagram: Uint8Array, from: SocketAddress = this.address): void {
    this.dht.receive(datagram, from, this.now)
    this.#pump()
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.now + ms
    this.#pump()
    for (;;) {
      const next = this.dht.nextWakeup()
      if (next === undefined || next > end) break
      this.now = Math.max(next, this.now)
      this.dht.advance(this.now)
      this.#pump()
    }
    this.now = end
  }

  /** A write token of the engine for `from`. */
  token(from: SocketAddress = this.address): Uint8Array {
    const writer = new MsgpackWriter()
    this.encoder.find(writer, 77, this.id, [])
    this.answers.length = 0
    this.dht.receive(writer.take(), from, this.now)
    const reply = new Message()
    decodeMessage(reply, new Uint8Array(this.dht.outbox.datagram(0)))
    assert.equal(reply.kind, Kind.Reply)
    this.dht.outbox.clear()
    return reply.token
  }

  /** The datagrams to the peer since the last call, read by another MessagePack implementation. */
  takeAnswers(): Record<string, unknown>[] {
    return this.answers.splice(0).map((bytes) => decode(bytes) as Record<string, unknown>)
  }

  /** Handles what the engine sent, until it is silent. */
  #pump(): void {
    const { outbox } = this.dht
    while (outbox.count > 0) {
      const sent: Uint8Array[] = []
      for (let i = 0; i < outbox.count; i++) {
        if (outbox.destination(i).equals(this.address)) sent.push(outbox.datagram(i).slice())
      }
      outbox.clear()
      for (const datagram of sent) this.#onDatagram(datagram)
    }
    this.events.push(...this.dht.takeEvents())
  }

  #onDatagram(datagram: Uint8Array): void {
    const message = new Message()
    decodeMessage(message, datagram)
    const { kind } = message
    if (kind === Kind.Reply || kind === Kind.Error || kind === Kind.Fragment) {
      this.answers.push(datagram)
      return
    }
    if (this.onRequest?.(message)) return
    const writer = new MsgpackWriter()
    const { tid } = message
    if (kind === Kind.Find || kind === Kind.Get) {
      this.encoder.nodes(writer, tid, this.address, NO_NODES, PEER_TOKEN)
    } else if (kind === Kind.Put) {
      this.encoder.stored(writer, tid, this.address, 1n)
    } else this.encoder.acknowledge(writer, tid, this.address)
    this.dht.receive(writer.take(), this.address, this.now)
  }
}
