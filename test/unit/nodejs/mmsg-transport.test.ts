// SPDX-License-Identifier: MIT
// The batching transport when system calls fail, and while it lets datagrams gather. What it has in
// common with the others is in transport.test.ts.

import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, type TestContext, test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Outbox } from '../../../src/core/net/outbox.ts'
import { SendQueue } from '../../../src/nodejs/mmsg/send-queue.ts'
import { Zones } from '../../../src/nodejs/mmsg/zones.ts'
import type { Transport } from '../../../src/nodejs/transport.ts'
import { FaultyCalls } from '../../support/faulty-calls.ts'
import { openAt, Receiver, write } from '../../support/transport-kit.ts'
import { batchCalls, batchesMissing, batchOpener } from '../../support/transports.ts'

const { EAGAIN, EBADF, ECONNREFUSED, EHOSTUNREACH, EINTR, EMSGSIZE, ENOBUFS } = constants.errno
const MANY = 200
const HOST = '127.0.0.1'

interface Setup {
  readonly calls: FaultyCalls
  readonly a: Transport
  readonly reports: Receiver
  readonly b: Transport
  readonly receiver: Receiver
}

async function setUp(t: TestContext, coalescingMs = 0): Promise<Setup> {
  const calls = new FaultyCalls(batchCalls!)
  const open = batchOpener(calls, coalescingMs)
  const [a, reports] = await openAt(t, open, HOST)
  const [b, receiver] = await openAt(t, open, HOST)
  return { calls, a, reports, b, receiver }
}

function numbered(count: number, to: SocketAddress): Outbox {
  const outbox = new Outbox()
  for (let i = 0; i < count; i++) write(outbox, [i % 100, Math.floor(i / 100)], to)
  return outbox
}

function numbers(receiver: Receiver): number[] {
  return receiver.datagrams.map(({ bytes }) => bytes[0]! + 100 * bytes[1]!)
}

const IN_ORDER = Array.from({ length: MANY }, (_, i) => i)

describe('batches', { skip: batchesMissing }, () => {
  test('a full socket delays datagrams, in order, and frees the outbox', async (t) => {
    for (const code of [EAGAIN, ENOBUFS]) {
      const { calls, a, b, receiver } = await setUp(t)
      const outbox = numbered(MANY, b.address)
      // Something passes, then nothing, then a part of what waits.
      calls.sends.push(-code, -code, -code)
      assert.equal(a.send(outbox), true)
      outbox.clear()
      write(outbox, [99, 99], b.address)
      assert.equal(a.send(outbox), true)
      outbox.writer.target.fill(0)
      await receiver.untilCount(MANY + 1)
      assert.deepEqual(numbers(receiver), [...IN_ORDER, 9999])
      assert.equal(a.stats.sent, MANY + 1)
      assert.equal(a.stats.queueFull, 0)
    }
  })

  test('what waits for a full socket has a limit', () => {
    const queue = new SendQueue(10)
    const to = SocketAddress.v4(1, 1)
    assert.equal(queue.push(to, new Uint8Array(6)), true)
    assert.equal(queue.push(to, new Uint8Array(6)), false)
    queue.drop(1)
    assert.equal(queue.length, 0)
    assert.equal(queue.push(to, new Uint8Array(10)), true)
  })

  test('an interrupted call is made again', async (t) => {
    const { calls, a, b, receiver } = await setUp(t)
    calls.sends.push(-EINTR)
    calls.receives.push(-EINTR)
    a.send(numbered(MANY, b.address))
    await receiver.untilCount(MANY)
    assert.deepEqual(numbers(receiver), IN_ORDER)
    assert.equal(a.stats.sendErrors, 0)
    assert.equal(b.stats.receiveErrors, 0)
  })

  test('an error that an earlier datagram caused costs the next one nothing', async (t) => {
    const { calls, a, b, reports, receiver } = await setUp(t)
    calls.sends.push(-ECONNREFUSED)
    calls.receives.push(-ECONNREFUSED)
    a.send(numbered(3, b.address))
    await receiver.untilCount(3)
    assert.deepEqual(numbers(receiver), [0, 1, 2])
    assert.equal(b.stats.receiveErrors, 1)
    assert.deepEqual(reports.failed, [])
  })

  test('an error of one datagram leaves the others alone', async (t) => {
    const { calls, a, b, reports, receiver } = await setUp(t)
    calls.sends.push(-EMSGSIZE, -EHOSTUNREACH)
    a.send(numbered(5, b.address))
    // Nobody is told while the outbox is being sent: answers would be written into it.
    assert.deepEqual(reports.failed, [])
    await receiver.untilCount(3)
    await reports.until(() => reports.failed.length > 0)
    assert.deepEqual(numbers(receiver), [2, 3, 4])
    assert.deepEqual(reports.failed, [`${b.address}`])
    assert.equal(a.stats.sendErrors, 2)
  })

  test('when the loop gives up on a socket it is told to go on', async (t) => {
    const { calls, a, b, receiver } = await setUp(t)
    calls.statuses.push(-EBADF)
    a.send(numbered(1, b.address))
    await receiver.untilCount(1)
    a.send(numbered(1, b.address))
    await receiver.untilCount(2)
  })

  test('an exception of a handler reaches the process, not the loop', async (t) => {
    const { a, b, receiver } = await setUp(t)
    receiver.onBatchEnd = () => {
      throw new Error('from a handler')
    }
    const caught = new Promise((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve)
    })
    t.after(() => process.setUncaughtExceptionCaptureCallback(null))
    a.send(numbered(1, b.address))
    assert.equal(((await caught) as Error).message, 'from a handler')
  })

  test('a full socket is resumed while datagrams gather', async (t) => {
    const { calls, a, b, reports, receiver } = await setUp(t, 1)
    const ended = new Promise((resolve) => setTimeout(resolve, 200))
    let isEnded = false
    void ended.then(() => {
      isEnded = true
    })
    let sent = 0
    while (!isEnded) {
      if (sent % 300 === 0) calls.sends.push(-EAGAIN)
      if (sent % 500 === 0) calls.statuses.push(-EBADF)
      a.send(numbered(1, b.address))
      b.send(numbered(1, a.address))
      sent++
      await new Promise((resolve) => setImmediate(resolve))
    }
    await receiver.untilCount(sent)
    await reports.untilCount(sent)
  })

  test('every descriptor and poll is given back', async () => {
    const calls = new FaultyCalls(batchCalls!)
    const open = batchOpener(calls)
    const receiver = new Receiver()
    const first = await open({ family: 4, host: HOST, port: 0 }, receiver)
    const { port } = first.address
    await assert.rejects(open({ family: 4, host: HOST, port }, receiver), { code: 'EADDRINUSE' })
    assert.equal(calls.open.size, 1)
    await first.close()
    assert.equal(calls.open.size, 0)
    assert.equal(calls.polls, 0)
  })

  test('a socket that is closed while datagrams wait for it forgets them', async (t) => {
    const { calls, a, b, receiver } = await setUp(t)
    calls.sends.push(-EAGAIN)
    a.send(numbered(MANY, b.address))
    await a.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(receiver.datagrams, [])
  })

  test('datagrams that gather are read in the end, all of them', async (t) => {
    const { a, b, receiver } = await setUp(t, 1)
    const start = performance.now()
    let sent = 0
    // Twenty each millisecond, so evenly that each would be read by itself.
    for (let due = 0; due < 6000; due = Math.floor((performance.now() - start) * 20)) {
      if (due > sent) a.send(numbered(due - sent, b.address))
      sent = due
      await new Promise((resolve) => setImmediate(resolve))
    }
    await receiver.untilCount(sent)
    assert.equal(b.stats.received, sent)
  })
})

test('interfaces of neighbours are remembered, and not without end', () => {
  const zones = new Zones()
  const peer = SocketAddress.parse('fe80::1', 4222)!
  assert.equal(zones.of(peer), 0)
  zones.remember(peer, 3)
  assert.equal(zones.of(peer.withPort(1)), 3)
  assert.equal(zones.of(SocketAddress.parse('fe80::2', 4222)!), 0)
  for (let i = 0; i < 3000; i++) zones.remember(SocketAddress.v6(0xfe800000, 0, 0, i, 1), 4)
  assert.equal(zones.of(peer), 0)
})
