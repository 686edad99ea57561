// SPDX-License-Identifier: MIT
// A C++ dhtnode as the client of our proxy server: whatever it can do, and what becomes of its
// listens when the server ends.
// test-waits

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Identity } from '../../src/crypto/identity.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { temporaryFolder } from '../support/cli-kit.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { text } from '../support/interop-kit.ts'
import { type ProxyNetwork, startProxy } from '../support/proxy-kit.ts'
import { identityOf } from '../support/secure-kit.ts'
import { poll } from '../support/watch.ts'

const SETTLE_MS = 15_000

describe('a C++ proxy client', { skip: cppAvailable() }, () => {
  let network: ProxyNetwork
  let client: DhtnodeProcess
  /** The one that serves now. */
  let proxy: ProxyServer

  before(async () => {
    network = await startProxy({}, { identity: await identityOf('proxy') })
    proxy = network.proxy
    client = await DhtnodeProcess.start({ args: ['--proxyclient', proxy.url] })
    const isConnected = async () => (await client.stats()).ipv4.good > 0
    await poll(isConnected, SETTLE_MS, 'the client believes in its proxy')
  })
  after(async () => {
    await client?.close()
    await proxy?.close()
    await network?.close()
  })

  test('puts what others of the network find', async () => {
    const { ok, id } = await client.put('from-client', 'hello')
    assert.ok(ok)
    const [value] = await network.peer.getAll('from-client')
    assert.equal(text(value!.data), 'hello')
    assert.equal(value!.userType, 'text/plain')
    assert.equal(value!.id.toString(16), id)
  })

  test('gets what others put', async () => {
    await network.peer.put('for-client', {
      id: 6n,
      data: new TextEncoder().encode('two words'),
      userType: 'text/plain',
    })
    const { ok, lines } = await client.get('for-client')
    assert.ok(ok)
    assert.deepEqual(lines, ['Value[id:6 data(text/plain):"two words"]'])
  })

  test('puts permanently', async () => {
    const { ok, id } = await client.put('kept', 'long', true)
    assert.ok(ok)
    const pending = network.node.pendingPuts('kept')
    assert.deepEqual(
      pending.map((value) => value.id.toString(16)),
      [id],
    )
    assert.equal(proxy.summary.puts, 1)
  })

  test('listens: what is there, what comes, what goes', async () => {
    const key = 'watched'
    await network.peer.put(key, { id: 1n, data: bytes('before'), userType: 'text/plain' })
    const from = client.mark()
    client.send(`l ${key}`)
    await client.waitForOutput(/Listen: found 1 values[\s\S]*"before"/, SETTLE_MS, from)
    assert.equal(proxy.counters.listens, 1)
    await network.peer.put(key, { id: 2n, data: bytes('after'), userType: 'text/plain' })
    await client.waitForOutput(/Listen: found 1 values[\s\S]*"after"/, SETTLE_MS, from)
  })

  test('listens anew when the server ends and another one takes over', async () => {
    const { node, peer } = network
    const from = client.mark()
    const { port } = proxy
    await proxy.close()
    proxy = await ProxyServer.start(node, { port, address: '127.0.0.1' })
    // It asks at once, and then after a minute: it has to find the new one at the first time.
    await poll(() => proxy.counters.listens === 1, 90_000, 'the client listens again')
    await peer.put('watched', { id: 3n, data: bytes('later'), userType: 'text/plain' })
    await client.waitForOutput(/"later"/, SETTLE_MS, from)
  })

  test('passes on signed and encrypted values', async () => {
    const identity = await identityOf('proxy')
    await network.node.putSigned('sealed', { id: 8n, data: bytes('signed') })
    await network.node.putEncrypted('sealed', identity.certificate, { id: 9n, data: bytes('x') })
    const { ok, lines } = await client.get('sealed')
    assert.ok(ok)
    const ids = lines.map((line) => /id:([0-9a-f]+)/.exec(line)?.[1])
    assert.ok(ids.includes('8'), lines.join())
  })

  test('has its listens ended with it', async () => {
    await client.close()
    await poll(() => proxy.counters.listens === 0, SETTLE_MS, 'no listen is left')
  })
})

test('a C++ proxy client over TLS', { skip: cppAvailable() }, async (t) => {
  const authority = await Identity.generate({ name: 'authority', bits: 2048 })
  const identity = await Identity.generate({ name: 'localhost', bits: 2048, issuer: authority })
  const network = await startProxy({ tls: { identity } })
  t.after(() => network.close())
  const file = join(temporaryFolder(t), 'authority.pem')
  writeFileSync(file, authority.certificate.toPem())
  const client = await DhtnodeProcess.start({
    args: ['--proxyclient', `https://localhost:${network.proxy.port}`],
    env: { CA_ROOT_FILE: file },
  })
  t.after(() => client.close())
  const isConnected = async () => (await client.stats()).ipv4.good > 0
  await poll(isConnected, SETTLE_MS, 'the client believes in its proxy')
  assert.ok((await client.put('from-client', 'hello')).ok)
  const from = client.mark()
  client.send('l from-client')
  await client.waitForOutput(/Listen: found 1 values[\s\S]*"hello"/, SETTLE_MS, from)
})

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content)
}
