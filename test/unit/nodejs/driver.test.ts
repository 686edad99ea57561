// SPDX-License-Identifier: MIT
// The driver between an engine and its sockets, both of which only note what happens to them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dht } from '../../../src/core/dht.ts'
import type { DhtEvent } from '../../../src/core/events.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Outbox } from '../../../src/core/net/outbox.ts'
import { Driver } from '../../../src/nodejs/driver.ts'
import type { Transport } from '../../../src/nodejs/transport.ts'

const PEER = SocketAddress.parse('127.0.0.1', 4222)!
const STATUS: DhtEvent = { kind: 'status', ipv4: 'connected', ipv6: 'disconnected' }

class FakeEngine {
  readonly outbox = new Outbox()
  readonly calls: string[] = []
  readonly failed: string[] = []
  events: DhtEvent[] = []
  wakeAt: number | undefined
  offsetMs: number | undefined
  #onAdvance: ((now: number) => void) | undefined

  /** The `now` of the next call of `advance`. */
  nextAdvance(): Promise<number> {
    return new Promise((resolve) => {
      this.#onAdvance = resolve
    })
  }

  receive(bytes: Uint8Array): void {
    this.calls.push(`receive ${bytes.length}`)
    this.reply(bytes.length)
  }

  reply(length: number): void {
    for (let i = 0; i < length; i++) this.outbox.writer.boolean(true)
    this.outbox.commit(PEER)
  }

  advance(now: number): void {
    this.calls.push('advance')
    this.wakeAt = undefined
    this.#onAdvance?.(now)
  }

  nextWakeup(): number | undefined {
    return this.wakeAt
  }

  takeEvents(): DhtEvent[] {
    const { events } = this
    this.events = []
    return events
  }

  syncWallClock(offsetMs: number): void {
    this.offsetMs = offsetMs
  }

  sendFailed(to: SocketAddress): void {
    this.failed.push(`${to}`)
  }
}

class FakeTransport implements Transport {
  readonly kind = 'fake'
  readonly family = 4
  readonly address = PEER
  readonly stats = { received: 0, sent: 0, stale: 0, sendErrors: 0, queueFull: 0, receiveErrors: 0 }
  readonly flushes: number[][] = []
  isArenaFree = true

  send(outbox: Outbox): boolean {
    const lengths = Array.from({ length: outbox.count }, (_, i) => outbox.datagram(i).length)
    this.flushes.push(lengths)
    return this.isArenaFree
  }

  async close(): Promise<void> {}
}

function setUp(onEvents: (events: DhtEvent[]) => void = () => {}) {
  const engine = new FakeEngine()
  const transport = new FakeTransport()
  const driver = new Driver(engine as unknown as Dht, [transport], onEvents)
  return { engine, transport, driver }
}

test('a batch is sent once, and its events are handed on once', () => {
  const batches: DhtEvent[][] = []
  const { engine, transport, driver } = setUp((events) => void batches.push(events))
  for (const length of [1, 2, 3]) driver.onDatagram(new Uint8Array(length), PEER)
  engine.events.push(STATUS)
  assert.deepEqual(transport.flushes, [])
  assert.equal(driver.onBatchEnd(), true)
  assert.equal(driver.onBatchEnd(), false)
  assert.deepEqual(transport.flushes, [[1, 2, 3]])
  assert.deepEqual(batches, [[STATUS], []])
  assert.equal(engine.outbox.count, 0)
})

test('a kick from within an event is served after it', () => {
  const order: string[] = []
  const { engine, transport, driver } = setUp((events) => {
    order.push(`begin ${events.length}`)
    if (events.length > 0) {
      engine.reply(7)
      driver.kick()
    }
    order.push(`end ${events.length}`)
  })
  engine.events.push(STATUS)
  driver.kick()
  assert.deepEqual(order, ['begin 1', 'end 1', 'begin 0', 'end 0'])
  assert.deepEqual(transport.flushes, [[7]])
})

test('what begins together is sent together, a moment later', async () => {
  const { engine, transport, driver } = setUp()
  engine.reply(1)
  driver.kickSoon()
  engine.reply(2)
  driver.kickSoon()
  assert.deepEqual(transport.flushes, [])
  await Promise.resolve()
  assert.deepEqual(transport.flushes, [[1, 2]])
  engine.reply(3)
  driver.kickSoon()
  driver.stop()
  await Promise.resolve()
  assert.equal(transport.flushes.length, 1, 'not after its end')
})

test('the engine is woken when it wants to be, by one timer', async () => {
  const { engine, driver } = setUp()
  const advanced = engine.nextAdvance()
  engine.wakeAt = driver.now() + 60_000
  driver.kick()
  const due = driver.now() + 20
  engine.wakeAt = due
  driver.kick()
  engine.wakeAt = due + 30_000
  driver.kick()
  assert.ok((await advanced) >= due - 1)
  assert.deepEqual(engine.calls, ['advance'])
  driver.stop()
})

test('after stop nothing reaches the engine', async () => {
  const { engine, transport, driver } = setUp()
  engine.wakeAt = driver.now() + 1
  driver.kick()
  driver.stop()
  driver.onDatagram(new Uint8Array(1), PEER)
  driver.onBatchEnd()
  driver.onSendFailed(PEER)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(engine.calls, [])
  assert.deepEqual(engine.failed, [])
  assert.deepEqual(transport.flushes, [])
})

test('an arena that a socket still reads is not written again', () => {
  const { engine, transport, driver } = setUp()
  engine.reply(5)
  const arena = engine.outbox.writer.target
  driver.kick()
  engine.reply(5)
  assert.equal(engine.outbox.writer.target, arena)
  transport.isArenaFree = false
  driver.kick()
  engine.reply(5)
  assert.notEqual(engine.outbox.writer.target, arena)
  assert.equal(engine.outbox.count, 1)
})

test('what a burst needed is given back when it is over', () => {
  const { engine, driver } = setUp()
  engine.reply(200_000)
  driver.kick()
  assert.ok(engine.outbox.writer.target.length >= 200_000)
  engine.reply(100)
  driver.kick()
  assert.ok(engine.outbox.writer.target.length < 10_000)
})

test('addresses that cannot be reached are reported to the engine', async () => {
  const { engine, driver } = setUp()
  driver.onSendFailed(PEER)
  driver.onSendFailed(PEER)
  assert.deepEqual(engine.failed, [`${PEER}`, `${PEER}`])
  engine.reply(3)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(engine.outbox.count, 0)
})

test('the engine knows the wall clock from the start', () => {
  const { engine, driver } = setUp()
  const offsetMs = Date.now() - driver.now()
  assert.ok(Math.abs(engine.offsetMs! - offsetMs) < 1000)
})
