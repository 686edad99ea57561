// SPDX-License-Identifier: MIT
// Our clients of proxies against the proxy of the C++ dhtnode: what either side puts is found,
// heard and kept by the other, also when the proxy goes away and comes back.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createProxyFetch, DhtRunner, Identity } from '../../src/nodejs/entry.ts'
import { ProxyClient } from '../../src/proxy/client/entry.ts'
import { DHTNODE } from '../support/cli-kit.ts'
import { startProxy } from '../support/conformance-nodes.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { hear } from '../support/dht-conformance.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { TEST_TRANSPORT } from '../support/test-transport.ts'
import { poll } from '../support/watch.ts'

const DEADLINE_MS = 30_000
/** The C++ proxy looks at its node every two minutes, and three seconds after its start. */
const CHECK_MS = 500

describe('clients of the C++ proxy', { skip: cppAvailable() }, () => {
  const network = randomNetwork()
  const args = ['-n', String(network), '-p', '0', '-U']
  let peer: DhtnodeProcess
  let server: DhtnodeProcess
  let port = 0
  const open: AsyncDisposable[] = []

  const startServer = async (): Promise<void> => {
    const join = ['-b', `127.0.0.1:${peer.port}`]
    server = await DhtnodeProcess.start({ args: [...args, ...join, '--proxyserver', `${port}`] })
  }
  const client = async (...more: string[]): Promise<ProxyClient> => {
    const proxies = [`http://127.0.0.1:${port}`, ...more]
    const dht = new ProxyClient({ proxies, checkIntervalMs: CHECK_MS })
    open.push(dht)
    await dht.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
    return dht
  }
  const texts = async (key: string): Promise<string[]> => {
    const { lines } = await peer.get(key)
    return lines.map((line) => /"(.*)"/.exec(line)?.[1] ?? line).sort()
  }

  before(async () => {
    port = await freePort()
    peer = await DhtnodeProcess.start({ args })
    await startServer()
  })
  after(async () => {
    for (const dht of open) await dht[Symbol.asyncDispose]()
    await Promise.all([server?.close(), peer?.close()])
  })

  test('put, get, query and listen', async () => {
    const dht = await client()
    const heard = hear(dht, 'both')
    const { value } = await dht.put('both', { data: bytes('ours'), userType: 'text/plain' })
    await peer.put('both', 'theirs')
    await poll(() => heard.length === 2, DEADLINE_MS, 'the listen hears both')
    assert.deepEqual(heard.sort(), ['+ours', '+theirs'])
    assert.deepEqual(await texts('both'), ['ours', 'theirs'])
    const where = { where: { id: value.id } }
    assert.deepEqual(
      (await dht.getAll('both', where)).map(({ data }) => data),
      [bytes('ours')],
    )
    const types: string[] = []
    for await (const { userType } of dht.query('both', 'SELECT user_type')) types.push(userType!)
    assert.deepEqual(types, ['text/plain'])
    assert.match(dht.publicAddress ?? '', /127\.0\.0\.1$/)
    await dht.put('large', new Uint8Array(65_000))
    assert.equal((await dht.getFirst('large'))?.data.length, 65_000)
  })

  test('signed and encrypted values of nodes without sockets', async () => {
    const people = await Promise.all(
      ['ann', 'bob'].map((name) => Identity.generate({ name, bits: 2048 })),
    )
    const nodes = await Promise.all(
      people.map((identity) =>
        DhtRunner.start({ identity, proxy: { proxies: `127.0.0.1:${port}` } }),
      ),
    )
    open.push(...nodes)
    const [ann, bob] = nodes
    await Promise.all([ann!.whenPublished(), bob!.whenPublished()])
    await ann!.putEncrypted('secret', people[1]!.certificate.id, 'for bob')
    await ann!.putSigned('secret', 'for all')
    const read = async (node: DhtRunner): Promise<string[]> =>
      (await node.getAll('secret')).map(({ data }) => Buffer.from(data).toString()).sort()
    assert.deepEqual(await read(bob!), ['for all', 'for bob'])
    assert.deepEqual(await read(ann!), ['for all'])
    const [signed] = await ann!.getAll('secret')
    assert.ok(signed!.ownerId!.equals(people[0]!.publicKey.id))
  })

  test('our dhtnode works through it', async () => {
    const cli = await DhtnodeProcess.start({
      command: DHTNODE,
      args: ['--proxyclient', `127.0.0.1:${port}`],
    })
    open.push(cli)
    await cli.listen('cli')
    assert.ok((await cli.put('cli', 'ours')).ok)
    await cli.waitForOutput(/Listen: found 1 values \(total 1\)/)
    assert.deepEqual(await texts('cli'), ['ours'])
    const { lines } = await cli.get('cli')
    assert.equal(lines.length, 1)
    assert.ok((await cli.stats()).ipv4.good > 0)
    await cli.ask('la', /Reported public addresses:\n127\.0\.0\.1\n/)
  })

  test('listens and permanent puts outlive the proxy', async () => {
    const node = await DhtRunner.start({
      network,
      port: 0,
      bind6: false,
      bootstrap: [`127.0.0.1:${peer.port}`],
      transport: TEST_TRANSPORT,
    })
    open.push(node)
    await node.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
    const second = await startProxy(node)
    open.unshift(second)
    const dht = await client(second.url)
    await dht.put('kept', 'permanent', { permanent: true })
    const heard = hear(dht, 'kept')
    await poll(() => heard.length === 1, DEADLINE_MS, 'the first value')
    await server.kill()
    await peer.put('kept', 'meanwhile')
    await poll(() => heard.length === 2, DEADLINE_MS, 'the listen goes on at our proxy')
    assert.equal(dht.proxy, second.url)
    assert.equal(dht.proxyStats().switches, 1)
    await poll(() => dht.proxyStats().putsRenewed > 0, DEADLINE_MS, 'the put is told again')
    await startServer()
    await second.close()
    await poll(() => dht.proxy === `http://127.0.0.1:${port}`, DEADLINE_MS, 'back at the first')
    await peer.put('kept', 'afterwards')
    await poll(() => heard.length === 3, DEADLINE_MS, 'the listen goes on at the C++ proxy')
    assert.deepEqual(heard, ['+permanent', '+meanwhile', '+afterwards'])
  })

  test('over TLS, with an authority of our own', async (t) => {
    const ca = await Identity.generate({ name: 'authority', bits: 2048 })
    const proxy = await Identity.generate({ name: 'localhost', issuer: ca, bits: 2048 })
    const folder = mkdtempSync(join(tmpdir(), 'opendht-proxy-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [certificate, key] = [join(folder, 'proxy.crt'), join(folder, 'proxy.pem')]
    writeFileSync(certificate, proxy.certificate.toPem())
    writeFileSync(key, await proxy.privateKey!.toPem())
    const securePort = await freePort()
    const tls = ['--proxy-certificate', certificate, '--proxy-privkey', key]
    const secure = await DhtnodeProcess.start({
      args: [...args, '-b', `127.0.0.1:${peer.port}`, '--proxyserverssl', `${securePort}`, ...tls],
    })
    t.after(() => secure.close())
    const proxies = `https://localhost:${securePort}`
    const dht = new ProxyClient({
      proxies,
      checkIntervalMs: CHECK_MS,
      fetch: await createProxyFetch({ authorities: [ca.certificate] }),
    })
    open.push(dht)
    await dht.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
    const heard = hear(dht, 'tls')
    await dht.put('tls', { data: bytes('ours'), userType: 'text/plain' })
    await peer.put('tls', 'theirs')
    await poll(() => heard.length === 2, DEADLINE_MS, 'both values')
    assert.deepEqual(await texts('tls'), ['ours', 'theirs'])
    const stranger = new ProxyClient({ proxies })
    open.push(stranger)
    await assert.rejects(stranger.getAll('tls'), {
      code: 'ERR_DHT_NO_NODES',
      message: /certificate/,
    })
  })

  test('subscriptions are accepted, renewed and ended', async () => {
    const dht = new ProxyClient({
      proxies: `127.0.0.1:${port}`,
      push: { token: 'token', clientId: 'test', platform: 'android' },
    })
    open.push(dht)
    await dht.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
    await peer.put('pushed', 'there')
    const heard = hear(dht, 'pushed')
    await poll(() => heard.length === 1, DEADLINE_MS, 'what is there')
    assert.equal(dht.proxyStats().subscriptions, 1)
    dht.setPushNotificationToken('another')
    await poll(() => dht.proxyStats().subscriptions === 2, DEADLINE_MS, 'the other token')
    dht.setPushNotificationToken(undefined)
    await poll(() => dht.proxyStats().streamsOpened === 1, DEADLINE_MS, 'a stream instead')
    assert.equal(dht.proxyStats().refused, 0)
    assert.deepEqual(heard, ['+there'])
  })
})

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Nobody has it now, and with luck nobody takes it until it is used. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
