// SPDX-License-Identifier: MIT
// Values in pieces: what the C++ implementation sent is what we send, and it is put together again
// from any order of arrival.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { ByteBudget } from '../../src/core/net/byte-budget.ts'
import { FragmentSender } from '../../src/core/net/fragment-sender.ts'
import { Outbox } from '../../src/core/net/outbox.ts'
import { toByteText } from '../../src/core/util/bytes.ts'
import { TimerWheel } from '../../src/core/util/timer-wheel.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value } from '../../src/core/value/value.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../src/core/wire/message.ts'
import { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import { answerWithValues } from '../../src/core/wire/value-list.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'
import { GoodPeer } from './good-peer.ts'

interface Capture {
  put_5000_bytes: { header: string; fragments: string[]; reassembled_value: string }
  get_reply_three_values_of_300_bytes: string[]
  inline_or_fragmented_by_total_packed_size: Record<string, 'inline' | 'fragmented'>
}

const { captures } = loadVectors<{ captures: Record<string, Capture> }>('core/fragmentation')
const SENDER = InfoHash.get('node-under-test')
const AGENTS: Record<string, string> = { '2.4.12': 'RNG1', '4.3.1': 'o2' }
const NEVER_SENT = new Uint8Array(0)
const IDLE_MS = 3000
const TOTAL_MS = 10_000

for (const [version, capture] of Object.entries(captures)) {
  const { header, fragments, reassembled_value } = capture.put_5000_bytes
  const value = unpackValueBytes(fromHex(reassembled_value))
  const put = decode(header)

  suite(`Fragments of ${version}: sending`, () => {
    test('a put of 5000 bytes is the recorded header and fragments', () => {
      const packed = packedValue(value)
      assert.equal(toHex(packed), reassembled_value)
      const { tid, hash, token, created } = put
      const sent = sendWith(version, tid, [packed], (encoder, outbox) => {
        encoder.put(
          outbox.writer,
          tid,
          hash,
          answerWithValues([packed]),
          toByteText(token),
          created,
        )
      })
      assert.deepEqual(sent, [header, ...fragments])
    })

    test('a reply with three values of 300 bytes is the recorded header and fragments', () => {
      const recorded = capture.get_reply_three_values_of_300_bytes
      const { tid, token, source, nodes4 } = decode(recorded[0]!)
      const packed = [1n, 2n, 3n].map((id) => {
        return packedValue(new Value({ id, data: new Uint8Array(300).fill(0x40 + Number(id)) }))
      })
      const lists = {
        nodes4: source.subarray(nodes4.offset, nodes4.offset + nodes4.length),
        nodes6: NEVER_SENT,
      }
      const to = SocketAddress.v4(0x7f000001, 1)
      const sent = sendWith(version, tid, packed, (encoder, outbox) => {
        encoder.nodes(outbox.writer, tid, to, lists, token, answerWithValues(packed))
      })
      assert.deepEqual(sent, recorded)
    })

    const borders = Object.entries(capture.inline_or_fragmented_by_total_packed_size)
    for (const [size, how] of borders) {
      test(`values of ${size} bytes in all travel ${how}`, () => {
        const kind = how === 'inline' ? 'values' : 'sizes'
        for (const split of [0, 1, 60, 300]) {
          const packed = split === 0 ? [Number(size)] : [split, Number(size) - split]
          const answer = answerWithValues(packed.map((length) => new Uint8Array(length)))
          assert.equal(answer.kind, kind)
        }
      })
    }
  })

  suite(`Fragments of ${version}: receiving`, () => {
    const start = (): PutArrival => new PutArrival(header, fragments, value)

    test('in order after the header they make the value', () => {
      start().feed('h0123').expectStored()
    })

    test('in any order after the header they make the value', () => {
      for (const order of permutations('0123')) start().feed(`h${order}`).expectStored()
    })

    test('before the header, all or some, they make the value', () => {
      for (const order of ['0123h', '3210h', '20h31', '1h023', '013h2']) {
        start().feed(order).expectStored()
      }
    })

    test('repeated they make the value once', () => {
      for (const order of ['h001123', 'h01230', 'h0012233', '0011h223', 'hh0h1h2h3']) {
        start().feed(order).expectStored()
      }
    })

    test('with any one missing they make nothing', () => {
      for (const order of ['h123', 'h023', 'h013', 'h012', '0123', '3210', 'h', 'h0000', '123h']) {
        start().feed(order).expectMissing()
      }
    })

    test('a repetition of the message fills the gap of the first try', () => {
      for (const order of ['h013h0123', 'h02h013', '123h0123']) start().feed(order).expectStored()
    })

    test('from another port or with another transaction id they belong to something else', () => {
      const stranger = SocketAddress.v4(0x7f000001, 1)
      const arrival = start().feed('h012')
      arrival.peer.send(fromHex(fragments[3]!), stranger)
      arrival.expectMissing()
      const other = start().feed('h012')
      other.peer.send(fromHex(fragments[3]!.replace(tidItem(put.tid), tidItem(put.tid ^ 1))))
      other.expectMissing()
    })

    test('they may take almost three seconds each and ten in all', () => {
      const arrival = start()
      for (const step of 'h012') arrival.feed(step).peer.run(IDLE_MS - 550)
      arrival.feed('3').expectStored()
    })

    test('after three seconds of silence they are forgotten', () => {
      const arrival = start().feed('h012')
      assert.equal(arrival.waiting, 1)
      arrival.peer.run(IDLE_MS + 1)
      assert.equal(arrival.waiting, 0)
      arrival.feed('3').expectMissing()
    })

    test('after ten seconds in all they are forgotten', () => {
      const arrival = start().feed('h')
      for (const step of '0120') arrival.feed(step).peer.run(IDLE_MS - 500)
      arrival.peer.run(TOTAL_MS - 4 * (IDLE_MS - 500) + 1)
      assert.equal(arrival.waiting, 0)
      arrival.feed('3').expectMissing()
    })

    test('a header without a valid token opens nothing', () => {
      const peer = new GoodPeer('receiver', SENDER)
      peer.answers.length = 0
      for (const hex of [header, ...fragments]) peer.send(fromHex(hex))
      assert.deepEqual(peer.takeAnswers()[0]!['e'], [401, 'The token is missing or wrong'])
      assert.equal(peer.dht.localValues(put.hash).length, 0)
    })

    test('a reply in pieces reaches the get that asked, in any order', () => {
      for (const order of [
        [0, 1, 2, 3],
        [3, 1, 0, 2],
        [1, 2, 3, 0],
        [0, 3, 3, 2, 1],
      ]) {
        assert.deepEqual(getInPieces(capture.get_reply_three_values_of_300_bytes, order), [
          '1 AAA',
          '2 BBB',
          '3 CCC',
        ])
      }
    })

    test('a reply that lacks a piece gives nothing', () => {
      for (const order of [
        [0, 1, 2],
        [0, 3, 1],
        [1, 2, 3],
      ]) {
        assert.deepEqual(getInPieces(capture.get_reply_three_values_of_300_bytes, order), [])
      }
    })
  })
}

/** The recorded put on its way to an engine, with a token of that engine in the header. */
class PutArrival {
  readonly peer = new GoodPeer('receiver', SENDER)
  readonly #value: Value
  readonly #key: InfoHash
  readonly #parts: Record<string, Uint8Array> = {}

  constructor(header: string, fragments: readonly string[], value: Value) {
    const { hash, token, created } = decode(header)
    // The value is as old as it was when it was recorded.
    this.peer.dht.syncWallClock(1000 * created! - this.peer.now)
    this.#value = value
    this.#key = hash.clone()
    const own = this.peer.token()
    this.#parts['h'] = fromHex(header.replace(tokenItem(token), tokenItem(own)))
    for (const [i, hex] of fragments.entries()) this.#parts[i] = fromHex(hex)
    this.peer.answers.length = 0
  }

  /** Parts in the order of their names: `h` for the header, a digit for a fragment. */
  feed(order: string): this {
    for (const name of order) this.peer.send(this.#parts[name]!)
    return this
  }

  get waiting(): number {
    return this.peer.dht.stats(this.peer.now).fragments.partialMessages
  }

  expectStored(): void {
    const [stored, ...others] = this.peer.dht.localValues(this.#key)
    assert.ok(stored !== undefined, 'a value is stored')
    assert.deepEqual(packedValue(stored), packedValue(this.#value))
    assert.equal(others.length, 0)
    const acknowledged = this.peer.takeAnswers().map((answer) => answer['r'] as { vid: unknown })
    assert.deepEqual(
      acknowledged.map(({ vid }) => vid),
      [Number(this.#value.id)],
    )
  }

  expectMissing(): void {
    assert.equal(this.peer.dht.localValues(this.#key).length, 0)
    assert.equal(this.peer.takeAnswers().length, 0)
    this.peer.run(TOTAL_MS)
    assert.equal(this.waiting, 0)
    assert.equal(this.peer.dht.stats(this.peer.now).fragments.partialBytes, 0)
  }
}

/** Values that a get delivers when its first request is answered with the parts in that order. */
function getInPieces(recorded: readonly string[], order: readonly number[]): string[] {
  const peer = new GoodPeer('receiver', SENDER)
  const { tid } = decode(recorded[0]!)
  let isAnswered = false
  peer.onRequest = (request) => {
    if (request.kind !== Kind.Get || isAnswered) return false
    isAnswered = true
    for (const i of order) {
      const hex = recorded[i]!.replace(tidItem(tid), tidItem(request.tid))
      peer.dht.receive(fromHex(hex), peer.address, peer.now)
    }
    return true
  }
  const operation = peer.dht.startGet(InfoHash.get('three values'), QUERY_ALL, peer.now)
  peer.run(60_000)
  assert.ok(peer.events.some((event) => event.kind === 'done' && event.operation === operation))
  return peer.events.flatMap((event) =>
    event.kind === 'values'
      ? event.values.map(({ id, data }) => `${id} ${String.fromCharCode(...data.subarray(0, 3))}`)
      : [],
  )
}

/** Datagrams of a message and its fragments as an engine of `version` sends them. */
function sendWith(
  version: string,
  tid: number,
  packed: readonly Uint8Array[],
  encode: (encoder: MessageEncoder, outbox: Outbox) => void,
): string[] {
  const wheel = new TimerWheel(0)
  const outbox = new Outbox()
  const agent = AGENTS[version]!
  const encoder = new MessageEncoder({ id: SENDER, network: 0, isClient: false, agent })
  const sender = new FragmentSender(wheel, encoder, outbox, new ByteBudget(-1, -1))
  const to = SocketAddress.v4(0x7f000001, 4222)
  encode(encoder, outbox)
  outbox.commit(to)
  sender.send(to, tid, packed, 0)
  wheel.advance(1000)
  return Array.from({ length: outbox.count }, (_, i) => toHex(outbox.datagram(i)))
}

function decode(hex: string): Message {
  const message = new Message()
  decodeMessage(message, fromHex(hex))
  return message
}

function tokenItem(token: Uint8Array): string {
  const text = Buffer.from('token').toString('hex')
  return `a5${text}c4${token.length.toString(16)}${toHex(token)}`
}

/** Entry `t` of a message, in the shortest form. */
function tidItem(tid: number): string {
  if (tid >>> 0 > 0xffff) return `a174ce${(tid >>> 0).toString(16).padStart(8, '0')}`
  return `a174cd${tid.toString(16).padStart(4, '0')}`
}

function permutations(text: string): string[] {
  if (text.length <= 1) return [text]
  return [...text].flatMap((first, i) =>
    permutations(text.slice(0, i) + text.slice(i + 1)).map((rest) => first + rest),
  )
}
