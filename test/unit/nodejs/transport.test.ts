// SPDX-License-Identifier: MIT
// What every UDP transport has to do, on the loopback interface.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Outbox } from '../../../src/core/net/outbox.ts'
import type { Transport } from '../../../src/nodejs/transport.ts'
import { openAt, Receiver, write } from '../../support/transport-kit.ts'
import { type TestedTransport, TRANSPORTS } from '../../support/transports.ts'

/** The largest that fits into a datagram of IPv4. */
const MAX_BYTES = 65_507
const MANY = 200

for (const transport of TRANSPORTS) {
  describe(transport.name, { skip: transport.skip }, () => defineTests(transport))
}

function defineTests({ name, open }: TestedTransport): void {
  const openPair = async (t: TestContext): Promise<[Transport, Transport, Receiver]> => {
    const [a] = await openAt(t, open, '127.0.0.1')
    const [b, receiver] = await openAt(t, open, '127.0.0.1')
    return [a, b, receiver]
  }

  for (const host of ['127.0.0.1', '::1']) {
    test(`datagrams travel over ${host}`, async (t) => {
      const [a] = await openAt(t, open, host)
      const [b, receiver] = await openAt(t, open, host)
      assert.equal(a.kind, name)
      assert.equal(a.address.host, host)
      const other = host === '::1' ? '127.0.0.1' : '::1'
      const outbox = new Outbox()
      for (let i = 0; i < MANY; i++) {
        write(outbox, [i % 100, 1, 2], b.address)
        write(outbox, [i % 100], SocketAddress.parse(other, b.address.port)!)
      }
      assert.equal(a.send(outbox), true)
      outbox.clear()
      await receiver.untilCount(MANY)
      assert.ok(receiver.datagrams.every(({ from }) => from === `${a.address}`))
      assert.deepEqual([...receiver.datagrams[7]!.bytes], [7, 1, 2])
      assert.deepEqual([...receiver.datagrams[MANY - 1]!.bytes], [99, 1, 2])
      assert.ok(receiver.batches <= MANY)
      assert.equal(a.stats.sent, MANY)
      assert.equal(b.stats.received, MANY)
    })
  }

  test('an answer to the address that a datagram came from gets there', async (t) => {
    const [a, answers] = await openAt(t, open, '::1')
    const [b, questions] = await openAt(t, open, '::1')
    const outbox = new Outbox()
    write(outbox, [1], b.address)
    a.send(outbox)
    outbox.clear()
    await questions.untilCount(1)
    write(outbox, [2], a.address)
    b.send(outbox)
    await answers.untilCount(1)
    assert.equal(answers.datagrams[0]!.from, `${b.address}`)
  })

  test('datagrams of all sizes arrive whole', async (t) => {
    const [a, b, receiver] = await openPair(t)
    const sizes = [0, 1, 1500, 9000, MAX_BYTES]
    const outbox = new Outbox()
    for (const size of sizes) {
      for (let i = 0; i < size; i++) outbox.writer.unsigned(i % 100)
      outbox.commit(b.address)
    }
    a.send(outbox)
    await receiver.untilCount(sizes.length)
    for (const [i, size] of sizes.entries()) {
      const { bytes } = receiver.datagrams[i]!
      assert.equal(bytes.length, size)
      assert.ok(bytes.every((byte, at) => byte === at % 100))
    }
  })

  test('what cannot leave the host is reported, what is merely too long is not', async (t) => {
    const [transport, receiver] = await openAt(t, open, '127.0.0.1')
    const outbox = new Outbox()
    // A socket of the loopback interface has no way out.
    const outside = SocketAddress.parse('192.0.2.1', 4222)!
    write(outbox, new Array<number>(70_000).fill(1), transport.address)
    write(outbox, [1], outside)
    write(outbox, [5], transport.address)
    transport.send(outbox)
    await receiver.until(() => receiver.failed.length > 0 && receiver.datagrams.length > 0)
    assert.deepEqual(receiver.failed, [`${outside}`])
    assert.equal(transport.stats.sendErrors, 2)
    assert.deepEqual([...receiver.datagrams[0]!.bytes], [5])
  })

  test('a port where nobody listens changes nothing', async (t) => {
    const [a, b, receiver] = await openPair(t)
    const { address: gone } = b
    await b.close()
    const outbox = new Outbox()
    for (let i = 0; i < 5; i++) write(outbox, [i], gone)
    write(outbox, [9], a.address)
    const [c, answers] = await openAt(t, open, '127.0.0.1')
    write(outbox, [9], c.address)
    for (let i = 0; i < 3; i++) a.send(outbox)
    await answers.untilCount(3)
    assert.deepEqual(receiver.datagrams, [])
  })

  test('a closed transport is silent', async (t) => {
    const [a, b, receiver] = await openPair(t)
    const outbox = new Outbox()
    write(outbox, [1], b.address)
    a.send(outbox)
    await Promise.all([b.close(), b.close()])
    b.send(outbox)
    assert.equal(receiver.batches, 0)
  })

  test('closing from within a batch ends it', async (t) => {
    const [a, b, receiver] = await openPair(t)
    const outbox = new Outbox()
    for (let i = 0; i < MANY; i++) write(outbox, [1], b.address)
    const closed = new Promise((resolve) => {
      receiver.onDatagram = () => resolve(b.close())
    })
    a.send(outbox)
    await closed
    const after = receiver.batches
    a.send(outbox)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(receiver.batches, after)
    const again = await open({ family: 4, host: '127.0.0.1', port: b.address.port }, receiver)
    await again.close()
  })

  test('promises that a batch settles go on at once', async (t) => {
    const [a, b, receiver] = await openPair(t)
    const outbox = new Outbox()
    write(outbox, [1], b.address)
    const turn = new Promise<string>((resolve) => {
      receiver.onBatchEnd = () => {
        void Promise.resolve().then(() => resolve('promise'))
        setTimeout(() => resolve('timer'), 0)
        return true
      }
    })
    a.send(outbox)
    assert.equal(await turn, 'promise')
  })

  test('a port in use is an error with the code of the system', async (t) => {
    const [{ address }] = await openAt(t, open, '127.0.0.1')
    const again = open({ family: 4, host: '127.0.0.1', port: address.port }, new Receiver())
    await assert.rejects(again, { code: 'EADDRINUSE' })
    const elsewhere = open({ family: 4, host: '192.0.2.1', port: 0 }, new Receiver())
    await assert.rejects(elsewhere, { code: 'EADDRNOTAVAIL' })
  })

  test('two hundred sockets work side by side, and again', async (t) => {
    for (let round = 0; round < 3; round++) {
      const pairs = await Promise.all(
        Array.from({ length: MANY }, () => openAt(t, open, '127.0.0.1')),
      )
      const outbox = new Outbox()
      const [[first]] = pairs as [[Transport, Receiver]]
      for (const [{ address }] of pairs) write(outbox, [round], address)
      first.send(outbox)
      await Promise.all(pairs.map(([, receiver]) => receiver.untilCount(1)))
      await Promise.all(pairs.map(([transport]) => transport.close()))
    }
  })
}
