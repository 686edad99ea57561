// SPDX-License-Identifier: MIT
// A proxy server with TLS: who it is, who may come, and which versions.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Certificate } from '../../src/crypto/certificate.ts'
import { Identity } from '../../src/crypto/identity.ts'
import type { ProxyTls } from '../../src/proxy/server/http-server.ts'
import { type ProxyNetwork, RawClient, startProxy } from '../support/proxy-kit.ts'
import { poll } from '../support/watch.ts'

const authority = await Identity.generate({ name: 'authority', type: 'ec' })
const server = await Identity.generate({ name: 'localhost', type: 'ec', issuer: authority })
const client = await Identity.generate({ name: 'client', type: 'ec', issuer: authority })
const stranger = await Identity.generate({ name: 'stranger', type: 'ec' })

async function start(t: TestContext, tls: Partial<ProxyTls> = {}): Promise<ProxyNetwork> {
  const network = await startProxy({ tls: { identity: server, ...tls } })
  t.after(() => network.close())
  return network
}

/** What the server answers to a request for the node info; rejects when it refuses to talk. */
function ask(port: number, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      ca: authority.certificate.toPem(),
      checkServerIdentity: () => undefined,
      ...options,
    })
    let text = ''
    socket.on('secureConnect', () => {
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    })
    socket.on('data', (bytes) => {
      text += bytes
    })
    socket.on('error', reject)
    // With TLS 1.3 the client is through before the server has looked at its certificate.
    const end = (): void =>
      text === '' ? reject(new Error('refused')) : resolve(`${socket.getProtocol()} ${text}`)
    socket.on('end', end)
  })
}

async function keysOf({ privateKey, certificate }: Identity): Promise<ConnectionOptions> {
  return { key: await privateKey!.toPem(), cert: certificate.toPem() }
}

test('serves TLS 1.2 and 1.3 with its certificate, and nothing older', async (t) => {
  const { proxy } = await start(t)
  assert.match(proxy.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  assert.match(await ask(proxy.port), /^TLSv1\.3 HTTP\/1\.1 200 OK[\s\S]*node_id/)
  assert.match(await ask(proxy.port, { maxVersion: 'TLSv1.2' }), /^TLSv1\.2 HTTP\/1\.1 200 OK/)
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const
  await assert.rejects(ask(proxy.port, { ...old, ciphers: 'DEFAULT@SECLEVEL=0' }))
  await assert.rejects(ask(proxy.port, { ca: stranger.certificate.toPem() }))
})

test('plain requests and half handshakes are refused, counted, and leave nothing', async (t) => {
  const { proxy } = await start(t)
  const plain = new RawClient(proxy.port)
  plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await plain.untilEnd()
  assert.ok(!plain.text.includes('HTTP/1.1'))
  const half = new RawClient(proxy.port)
  half.send('\x16\x03\x01\x02\x00')
  await poll(() => proxy.counters.connections === 1, 5000, 'a connection is open')
  half.close()
  await poll(() => proxy.counters.connections === 0, 5000, 'it is closed')
  assert.ok(proxy.counters.refused.malformed >= 1)
  assert.match(await ask(proxy.port), /200 OK/)
})

test('clients may, or have to, show a certificate of an authority', async (t) => {
  const clientAuthorities = [authority.certificate]
  const open = await start(t, { clientAuthorities })
  for (const keys of [{}, await keysOf(client), await keysOf(stranger)]) {
    assert.match(await ask(open.proxy.port, keys), /200 OK/)
  }
  const closed = await start(t, { clientAuthorities, requireClientCertificate: true })
  assert.match(await ask(closed.proxy.port, await keysOf(client)), /200 OK/)
  await assert.rejects(ask(closed.proxy.port))
  await assert.rejects(ask(closed.proxy.port, await keysOf(stranger)))
})

test('what cannot work is refused at the start', async () => {
  await assert.rejects(
    startProxy({ tls: { identity: server, requireClientCertificate: true } }),
    /^TypeError: tls.requireClientCertificate needs tls.clientAuthorities$/,
  )
  const keyless = new Identity(undefined, Certificate.from(server.certificate.toPem()))
  await assert.rejects(
    startProxy({ tls: { identity: keyless } }),
    /^TypeError: tls.identity must have a private key$/,
  )
})
