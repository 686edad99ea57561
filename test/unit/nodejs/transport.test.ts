// SPDX-License-Identifier: MIT
// The UDP transport on the loopback interface, and the cache of addresses behind it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Outbox } from '../../../src/core/net/outbox.ts'
import { AddressCache } from '../../../src/nodejs/address-cache.ts'
import { openDgramTransport } from '../../../src/nodejs/dgram-transport.ts'
import type { Transport, TransportHandler } from '../../../src/nodejs/transport.ts'
import { Watch } from '../../support/watch.ts'

const DEADLINE_MS = 10_000

class Receiver implements TransportHandler {
  readonly datagrams: { bytes: Uint8Array; from: string }[] = []
  readonly failed: string[] = []
  batches = 0
  readonly #watch = new Watch()

  onDatagram(bytes: Uint8Array, from: SocketAddress): void {
    assert.equal(bytes.constructor, Uint8Array)
    this.datagrams.push({ bytes: bytes.slice(), from: `${from}` })
  }

  onBatchEnd(): void {
    this.batches++
    this.#watch.notify()
  }

  onSendFailed(to: SocketAddress): void {
    this.failed.push(`${to}`)
    this.#watch.notify()
  }

  until(isDone: () => boolean): Promise<boolean> {
    const describe = (): string => `${this.datagrams.length} datagrams, ${this.failed} failed`
    return this.#watch.until(() => isDone() || undefined, DEADLINE_MS, describe)
  }
}

async function open(t: TestContext, host: string): Promise<[Transport, Receiver]> {
  const receiver = new Receiver()
  const family = host.includes(':') ? 6 : 4
  const transport = await openDgramTransport({ family, host, port: 0 }, receiver)
  t.after(() => transport.close())
  return [transport, receiver]
}

function write(outbox: Outbox, bytes: number[], to: SocketAddress): void {
  for (const byte of bytes) outbox.writer.unsigned(byte)
  outbox.commit(to)
}

for (const host of ['127.0.0.1', '::1']) {
  test(`datagrams travel over ${host}`, async (t) => {
    const [a] = await open(t, host)
    const [b, receiver] = await open(t, host)
    const other = host === '::1' ? '127.0.0.1' : '::1'
    const outbox = new Outbox()
    for (let i = 0; i < 20; i++) {
      write(outbox, [i, 1, 2], b.address)
      write(outbox, [i], SocketAddress.parse(other, b.address.port)!)
    }
    assert.equal(a.send(outbox), true)
    outbox.clear()
    await receiver.until(() => receiver.datagrams.length === 20)
    assert.ok(receiver.datagrams.every(({ from }) => from === `${a.address}`))
    assert.deepEqual([...receiver.datagrams[7]!.bytes], [7, 1, 2])
    assert.ok(receiver.batches <= 20)
    assert.equal(a.stats.sent, 20)
    assert.equal(b.stats.received, 20)
  })
}

test('what cannot leave the host is reported, what is merely too long is not', async (t) => {
  const [transport, receiver] = await open(t, '127.0.0.1')
  const outbox = new Outbox()
  // A socket of the loopback interface has no way out.
  const outside = SocketAddress.parse('192.0.2.1', 4222)!
  write(outbox, new Array<number>(70_000).fill(1), transport.address)
  write(outbox, [1], transport.address.withPort(0))
  write(outbox, [1], outside)
  transport.send(outbox)
  await receiver.until(() => receiver.failed.length > 0 && transport.stats.sendErrors === 3)
  assert.deepEqual(receiver.failed, [`${outside}`])
})

test('a closed transport is silent', async (t) => {
  const [a] = await open(t, '127.0.0.1')
  const [b, receiver] = await open(t, '127.0.0.1')
  const outbox = new Outbox()
  write(outbox, [1], b.address)
  a.send(outbox)
  await Promise.all([b.close(), b.close()])
  b.send(outbox)
  assert.equal(receiver.batches, 0)
})

test('addresses are parsed once, and not without end', () => {
  const cache = new AddressCache(3)
  const first = cache.get('127.0.0.1', 1)
  assert.equal(cache.get('127.0.0.1', 1), first)
  assert.equal(`${cache.get('::1', 2)}`, '[::1]:2')
  assert.equal(cache.get('localhost', 3), undefined)
  for (let port = 10; port < 20; port++) cache.get('127.0.0.1', port)
  assert.ok(cache.size <= 3)
})
