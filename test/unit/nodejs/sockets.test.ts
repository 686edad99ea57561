// SPDX-License-Identifier: MIT
// Which sockets a node opens on which ports, over sockets that are only pretended.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { openSockets, planSockets } from '../../../src/nodejs/sockets.ts'
import type { BindOptions, Transport, TransportHandler } from '../../../src/nodejs/transport.ts'

const HANDLER: TransportHandler = { onDatagram() {}, onBatchEnd: () => false, onSendFailed() {} }

/** A host whose ports are taken or whose families are missing as the test says. */
class FakeHost {
  readonly open = new Set<string>()
  readonly absent = new Map<number, string>()
  /** Kept by the system, for nobody. */
  readonly kept = new Set<number>()
  #nextPort = 40_000

  taken(family: number, port: number): boolean {
    return this.open.has(`${family}:${port}`)
  }

  readonly openTransport = async ({ family, host, port }: BindOptions): Promise<Transport> => {
    const code = this.absent.get(family)
    if (code !== undefined) throw Object.assign(new Error(code), { code })
    const chosen = port === 0 ? this.#nextPort++ : port
    if (this.kept.has(chosen)) throw Object.assign(new Error('bind'), { code: 'EACCES' })
    if (this.taken(family, chosen)) {
      throw Object.assign(new Error('bind'), { code: 'EADDRINUSE' })
    }
    const name = `${family}:${chosen}`
    this.open.add(name)
    return {
      kind: 'fake',
      family,
      address: SocketAddress.parse(host, chosen)!,
      stats: { received: 0, sent: 0, stale: 0, sendErrors: 0, queueFull: 0, receiveErrors: 0 },
      send: () => true,
      close: async () => void this.open.delete(name),
    }
  }

  async start(
    options: { port?: number; bind4?: string | false; bind6?: string | false },
    saved?: { port4: number | undefined; port6: number | undefined },
  ): Promise<string[]> {
    const plan = planSockets({
      port: options.port ?? 4222,
      bind4: options.bind4,
      bind6: options.bind6,
    })
    const transports = await openSockets(plan, saved, this.openTransport, HANDLER)
    return transports.map(({ address }) => `${address}`)
  }
}

test('both families take the port that is asked for', async () => {
  assert.deepEqual(await new FakeHost().start({}), ['0.0.0.0:4222', '[::]:4222'])
  const bound = await new FakeHost().start({ port: 5000, bind4: '127.0.0.1', bind6: false })
  assert.deepEqual(bound, ['127.0.0.1:5000'])
})

test('a host without one of the families goes on with the other', async () => {
  for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
    const host = new FakeHost()
    host.absent.set(6, code)
    assert.deepEqual(await host.start({}), ['0.0.0.0:4222'])
    assert.deepEqual(await host.start({ port: 0 }), ['0.0.0.0:40000'])
  }
  const host = new FakeHost()
  host.absent.set(4, 'EAFNOSUPPORT')
  assert.deepEqual(await host.start({}), ['[::]:4222'])
})

test('without any family, or without one that was named, it fails', async () => {
  const host = new FakeHost()
  host.absent.set(6, 'EADDRNOTAVAIL')
  await assert.rejects(host.start({ bind6: '2001:db8::1' }), {
    code: 'ERR_DHT_BIND',
    message: 'Cannot bind UDP port 4222 of 2001:db8::1: EADDRNOTAVAIL',
  })
  assert.equal(host.open.size, 0)
  host.absent.set(4, 'EAFNOSUPPORT')
  await assert.rejects(host.start({}), { code: 'ERR_DHT_BIND', message: /0\.0\.0\.0: EAFNOSUPP/ })
})

test('a port that is taken is an error that names it, and closes the rest', async () => {
  const host = new FakeHost()
  host.open.add('6:4222')
  await assert.rejects(host.start({}), {
    name: 'DhtError',
    code: 'ERR_DHT_BIND',
    message: 'Cannot bind UDP port 4222 of ::: EADDRINUSE. Choose another port, or 0 for any',
  })
  assert.deepEqual([...host.open], ['6:4222'])
})

test('a port of the system is shared by both families where possible', async () => {
  const host = new FakeHost()
  for (const port of [40_000, 40_001]) host.open.add(`6:${port}`)
  assert.deepEqual(await host.start({ port: 0 }), ['0.0.0.0:40002', '[::]:40002'])
  const crowded = new FakeHost()
  for (let port = 40_000; port < 40_009; port++) crowded.open.add(`6:${port}`)
  assert.deepEqual(await crowded.start({ port: 0 }), ['0.0.0.0:40008', '[::]:40009'])
})

test('saved ports are used again while they are free', async () => {
  const saved = { port4: 5004, port6: 5006 }
  assert.deepEqual(await new FakeHost().start({ port: 0 }, saved), ['0.0.0.0:5004', '[::]:5006'])
  assert.deepEqual(await new FakeHost().start({ port: 1 }, saved), ['0.0.0.0:1', '[::]:1'])
  const host = new FakeHost()
  host.open.add('6:5006')
  assert.deepEqual(await host.start({ port: 0 }, saved), ['0.0.0.0:40000', '[::]:40000'])
})

test('saved ports that the system keeps for itself now are not insisted on', async () => {
  const host = new FakeHost()
  host.kept.add(5004)
  const chosen = await host.start({ port: 0 }, { port4: 5004, port6: 5004 })
  assert.deepEqual(chosen, ['0.0.0.0:40000', '[::]:40000'])
  await assert.rejects(host.start({ port: 5004 }), { code: 'ERR_DHT_BIND', message: /EACCES/ })
})

test('wrong options are named', () => {
  const plan = (port: number, bind4?: string | false, bind6?: string | false) => () =>
    planSockets({ port, bind4, bind6 })
  for (const port of [-1, 65_536, 1.5, Number.NaN]) assert.throws(plan(port), /^RangeError: port/)
  assert.throws(plan(1, '::1'), /^RangeError: bind4 must be an IPv4 address .*"::1"/)
  assert.throws(plan(1, undefined, 'localhost'), /^RangeError: bind6/)
  assert.throws(plan(1, false, false), /^RangeError: bind4 and bind6/)
})
