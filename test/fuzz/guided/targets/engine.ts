// SPDX-License-Identifier: MIT
// A young engine with operations under way, and a sequence of datagrams from four peers with time
// between them. An input is a row of steps:
//   flags   bits 0-1 the peer, bits 2-4 the time that passes before, bit 5: answer (see below)
//   length  two bytes, then as many of the datagram; none if 0
// With bit 5, the transaction id of the last request to that peer stands in place of the marker, so
// that answers stay answers after everything else has changed.

import { Dht } from '../../../../src/core/dht.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { decodeMessage } from '../../../../src/core/wire/decode-message.ts'
import { Message } from '../../../../src/core/wire/message.ts'
import { peerAddress } from '../../../support/dht-kit.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { loadCorpus } from '../../corpus.ts'
import { type FuzzTarget, words } from '../target.ts'

const PEERS = [1, 2, 3, 4].map((n) => peerAddress(n))
const OWN = SocketAddress.v4((10 << 24) | 1, 4222)
const TIMES_MS = [0, 1, 20, 300, 1200, 10_000, 61_000, 700_000]
const STEP = 20
const MAX_STEPS = 64
const KEYS = ['listened', 'put', 'got'].map((text) => InfoHash.get(text))
/** Where a transaction id goes: uint32 of MessagePack. */
const MARKER = Uint8Array.of(0xce, 0xfe, 0xed, 0xf0, 0x0d)
const ANSWER = 32

export const target: FuzzTarget = {
  seeds: () => [
    recordSession(),
    ...loadCorpus().map((bytes, n) => step({ peer: n % 4, time: 2, bytes })),
  ],
  dictionary: [
    ...words('y q r e p v t a ping find get put listen refresh id sid token values'),
    MARKER,
  ],
  maxBytes: 16_384,
  run(input) {
    const subject = new Subject()
    for (const { flags, bytes } of stepsOf(input)) {
      subject.pass(TIMES_MS[(flags >> 2) & 7]!)
      if (bytes.length > 0) subject.receive(bytes, flags & 3, (flags & ANSWER) !== 0)
    }
    subject.finish()
  },
}

/** The engine under test: the same one each time. */
class Subject {
  readonly dht: Dht
  now = 1000
  readonly #message = new Message()
  readonly #lastTid = new Uint32Array(4)
  #problem: string | undefined

  constructor(onSend: (bytes: Uint8Array, peer: number) => void = () => {}) {
    const log = {
      enabled: (level: string) => level === 'error',
      write: (_level: string, text: string) => {
        this.#problem ??= text
      },
    }
    const random = new SeededRandom(7)
    const verifier = { verify: () => true }
    const config = { id: InfoHash.get('subject'), families: [4] as const }
    this.dht = new Dht(config, { random, log, verifier }, this.now)
    this.onSend = onSend
    this.dht.syncWallClock(1_700_000_000_000)
    const [listened, put, got] = KEYS as [InfoHash, InfoHash, InfoHash]
    this.dht.bootstrap(PEERS.slice(0, 3), this.now)
    this.dht.startListen(listened, QUERY_ALL, this.now)
    const value = new Value({ id: 5n, data: Uint8Array.of(1, 2, 3) })
    this.dht.startPut(put, value, { permanent: true }, this.now)
    this.dht.startGet(got, QUERY_ALL, this.now)
    this.#drain()
  }

  readonly onSend: (bytes: Uint8Array, peer: number) => void

  receive(bytes: Uint8Array, peer: number, isAnswer: boolean): void {
    const sent = isAnswer ? this.#withTid(bytes, peer) : bytes
    this.dht.receive(sent, PEERS[peer]!, this.now)
    this.#drain()
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (let wakeups = 0; wakeups < 10_000; wakeups++) {
      const at = this.dht.nextWakeup()
      if (at === undefined || at > end) break
      this.now = Math.max(this.now, at)
      this.dht.advance(this.now)
      this.#drain()
      if (wakeups === 9999) throw new Error(`10,000 wakeups within ${ms} ms`)
    }
    this.now = end
  }

  finish(): void {
    this.pass(30_000)
    const { dropped, requests } = this.dht.stats(this.now)
    if (dropped.internal > 0) throw new Error('an internal error was counted')
    if (requests.pending > 2000) throw new Error(`${requests.pending} requests are pending`)
  }

  #drain(): void {
    const { outbox } = this.dht
    for (let i = 0; i < outbox.count; i++) {
      const to = outbox.destination(i)
      const peer = PEERS.findIndex((it) => it.equals(to))
      if (peer < 0) continue
      const bytes = outbox.datagram(i)
      decodeMessage(this.#message, bytes)
      this.#lastTid[peer] = this.#message.tid
      this.onSend(new Uint8Array(bytes), peer)
    }
    outbox.clear()
    this.dht.takeEvents()
    if (this.#problem !== undefined) throw new Error(this.#problem)
  }

  #withTid(bytes: Uint8Array, peer: number): Uint8Array {
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(MARKER)
    if (at < 0) return bytes
    const patched = new Uint8Array(bytes)
    new DataView(patched.buffer).setUint32(at + 1, this.#lastTid[peer]!)
    return patched
  }
}

function* stepsOf(input: Uint8Array): Generator<{ flags: number; bytes: Uint8Array }> {
  let at = 0
  for (let n = 0; n < MAX_STEPS && at + 3 <= input.length; n++) {
    const length = (input[at + 1]! << 8) | input[at + 2]!
    yield { flags: input[at]!, bytes: new Uint8Array(input.subarray(at + 3, at + 3 + length)) }
    at += 3 + length
  }
}

function step({ peer, time, bytes }: { peer: number; time: number; bytes: Uint8Array }) {
  const head = [peer | (time << 2), bytes.length >> 8, bytes.length & 255]
  return Uint8Array.from([...head, ...bytes])
}

/** What three honest peers, which use the engine in turn, say to it during two seconds. */
function recordSession(): Uint8Array {
  const steps: Uint8Array[] = []
  const toPeers: { bytes: Uint8Array; peer: number }[] = []
  const subject = new Subject((bytes, peer) => void toPeers.push({ bytes, peer }))
  const peers = [0, 1, 2].map((n) => {
    const config = { id: InfoHash.get(`peer ${n}`), families: [4] as const }
    return new Dht(config, { random: new SeededRandom(n) }, subject.now)
  })
  const [listened, put] = KEYS as [InfoHash, InfoHash]
  for (let turn = 0; turn < 100 && steps.length < MAX_STEPS; turn++) {
    subject.pass(STEP)
    const { now } = subject
    for (const { bytes, peer } of toPeers.splice(0)) peers[peer]?.receive(bytes, OWN, now)
    if (turn === 10) peers[0]!.startGet(put, QUERY_ALL, now)
    if (turn === 15) peers[1]!.startListen(listened, QUERY_ALL, now)
    if (turn === 20) {
      peers[2]!.startPut(listened, new Value({ id: 9n, data: Uint8Array.of(9) }), {}, now)
    }
    let time = 2
    for (const [peer, dht] of peers.entries()) {
      dht.advance(now)
      const { outbox } = dht
      for (let i = 0; i < outbox.count; i++) {
        if (!outbox.destination(i).equals(OWN)) continue
        const bytes = new Uint8Array(outbox.datagram(i))
        steps.push(step({ peer, time, bytes }))
        time = 0
        subject.receive(bytes, peer, false)
      }
      outbox.clear()
      dht.takeEvents()
    }
    if (time === 2) steps.push(step({ peer: 0, time, bytes: new Uint8Array() }))
  }
  return Uint8Array.from(steps.flatMap((it) => [...it]))
}
