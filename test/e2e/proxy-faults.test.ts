// SPDX-License-Identifier: MIT
// What goes wrong with proxies in life, with real ones: killed while clients listen, cut off from
// the network, attacked by clients that do not finish, restarted all at once.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyClient } from '../../src/proxy/client/entry.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { startChild } from '../support/child.ts'
import { Cable } from '../support/cut-transport.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { poll } from '../support/watch.ts'

// test-timeout-s: 240
const LISTENS = 500
/** Of the listens, which share a client each, as an application has. */
const CLIENTS = 5
const PROXIES = 5
const SLOW_CLIENTS = 200
const PROGRAM = new URL('../support/proxy-program.ts', import.meta.url).pathname
const LOCAL = { port: 0, bind4: '127.0.0.1', bind6: false } as const

const folder = mkdtempSync(join(tmpdir(), 'opendht-faults-'))
const network = randomNetwork()
let peer: DhtRunner

before(async () => {
  peer = await DhtRunner.start({ ...LOCAL, network })
})
after(async () => {
  await peer.close()
  rmSync(folder, { recursive: true })
})

/** A proxy with a node of its own in another process. */
async function startProcess(state: string) {
  const args = [`127.0.0.1:${peer.port4}`, `${network}`, join(folder, state), '127.0.0.1:9']
  const child = startChild([process.execPath, PROGRAM, ...args])
  child.stderr.pipe(process.stderr)
  const lines = createInterface({ input: child.stdout })
  const [port] = await Promise.race([once(lines, 'line'), once(child, 'exit')])
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return { url: `http://127.0.0.1:${port}`, kill }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}

test(`${LISTENS} listens go on at another proxy when theirs is killed`, async () => {
  const [first, second] = [await startProcess('first'), await startProcess('second')]
  await poll(
    async () => (await isReady(first.url)) && (await isReady(second.url)),
    15_000,
    'not ready',
  )
  const proxies = [first.url, second.url]
  const clients = Array.from({ length: CLIENTS }, () => new ProxyClient({ proxies }))
  const key = (n: number): string => `fault ${n}`
  const put = (n: number, id: bigint) => peer.put(key(n), { id, data: Uint8Array.of(n % 256) })
  const heard = Array.from({ length: LISTENS }, () => [] as bigint[])
  const listens = heard.map(async (ids, n) => {
    for await (const { value, expired } of clients[n % CLIENTS]!.listen(key(n))) {
      assert.equal(expired, false)
      ids.push(value.id)
    }
  })
  try {
    await each(LISTENS, (n) => put(n, 1n))
    await poll(() => heard.every(({ length }) => length === 1), 30_000, 'listeners miss the first')
    await first.kill()
    const killedAt = performance.now()
    await each(LISTENS, (n) => put(n, 2n))
    await poll(() => heard.every(({ length }) => length >= 2), 30_000, 'listeners miss the second')
    const tookS = Math.round((performance.now() - killedAt) / 1000)
    assert.ok(tookS <= 25, `it took ${tookS} s`)
    // What was heard before the move is not heard again.
    assert.deepEqual(
      heard.filter((ids) => ids.join() !== '1,2'),
      [],
    )
    assert.deepEqual([...new Set(clients.map(({ proxy }) => proxy))], [second.url])
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await Promise.all(listens)
    await second.kill()
  }
})

test('a proxy whose node is cut off says so within 15 s, and clients move', async () => {
  const cable = new Cable()
  const bootstrap = [`127.0.0.1:${peer.port4}`]
  const options = { ...LOCAL, network, bootstrap }
  const nodes = [
    await DhtRunner.start({ ...options, openTransport: cable.openTransport }),
    await DhtRunner.start(options),
    await DhtRunner.start(options),
  ]
  await Promise.all(nodes.map((node) => node.whenConnected()))
  const start = (node: DhtRunner) => ProxyServer.start(node, { port: 0, address: '127.0.0.1' })
  const proxies = [await start(nodes[0]!), await start(nodes[1]!)]
  const urls = proxies.map(({ url }) => url)
  const client = new ProxyClient({ proxies: urls, checkIntervalMs: 2000 })
  try {
    await client.whenConnected()
    assert.equal(client.proxy, urls[0])
    cable.isPulled = true
    const cutAt = performance.now()
    const gone = async () => !(await isReady(urls[0]!))
    await poll(gone, 15_000, 'the cut is not noticed')
    assert.ok(performance.now() - cutAt <= 15_000)
    const response = await fetch(`${urls[0]}/readyz`)
    const report = (await response.json()) as { status: string; ready: boolean }
    assert.equal(report.ready, false)
    assert.equal(response.headers.get('opendht-status'), report.status)
    await poll(() => client.proxy === urls[1], 10_000, 'the client does not move')
    await client.put('moved', { id: 3n, data: Uint8Array.of(3) })
    assert.equal((await peer.getFirst('moved'))?.id, 3n)
    cable.isPulled = false
    await poll(async () => isReady(urls[0]!), 60_000, 'the proxy does not come back')
  } finally {
    await client.close()
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await Promise.all(nodes.map((node) => node.close()))
  }
})

describe('clients that do not finish', () => {
  let proxy: ProxyServer
  let node: DhtRunner

  before(async () => {
    node = await DhtRunner.start({ ...LOCAL, network, bootstrap: [`127.0.0.1:${peer.port4}`] })
    await node.whenConnected()
    const limits = { headersTimeoutMs: 1000, requestTimeoutMs: 1000, idleTimeoutMs: 1000 }
    proxy = await ProxyServer.start(node, { port: 0, address: '127.0.0.1', limits })
  })
  after(async () => {
    await proxy.close()
    await node.close()
  })

  const beginnings: Record<string, string> = {
    'say nothing': '',
    'send a head slowly': 'GET /key/abc HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    'send a body slowly':
      'POST /key/abc HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"data":',
  }
  for (const [what, text] of Object.entries(beginnings)) {
    test(`cost others nothing when they ${what}`, async () => {
      const sockets = await Promise.all(Array.from({ length: SLOW_CLIENTS }, open))
      const isOpen = (it: Socket) => !it.destroyed && !it.readableEnded
      for (const socket of sockets) socket.write(text)
      const drip = setInterval(() => {
        for (const socket of sockets) if (isOpen(socket) && text !== '') socket.write('x')
      }, 100)
      const worstMs = await slowestOf(20, `${proxy.url}/node/info`)
      assert.ok(worstMs < 1000, `another client waited ${worstMs} ms`)
      await poll(() => !sockets.some(isOpen), 10_000, 'they are not cut off')
      clearInterval(drip)
      for (const socket of sockets) socket.destroy()
      await poll(() => proxy.counters.connections <= 2, 5000, 'their connections stay')
    })
  }

  test('cost nothing when they vanish in the middle of listens', async () => {
    const sockets = await Promise.all(Array.from({ length: SLOW_CLIENTS }, open))
    for (const [n, socket] of sockets.entries()) {
      socket.write(`GET /key/gone${n}/listen HTTP/1.1\r\nHost: x\r\n\r\n`)
    }
    await poll(() => proxy.counters.listens === SLOW_CLIENTS, 5000, 'not all listens open')
    for (const [n, socket] of sockets.entries()) n % 2 ? socket.resetAndDestroy() : socket.destroy()
    await poll(() => proxy.counters.listens === 0, 5000, 'listens stay')
    const { operations } = await node.stats()
    await poll(async () => (await node.stats()).operations === 0, 5000, `${operations} stay`)
  })

  async function open(): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1')
    // Both ends may hang up, with and without a farewell.
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    return socket
  }
})

test(`${PROXIES} proxies that are killed and restarted at once are soon as they were`, async () => {
  const states = Array.from({ length: PROXIES }, (_, n) => `mass ${n}`)
  const started = await Promise.all(states.map(startProcess))
  for (const { url } of started) await poll(() => isReady(url), 30_000, 'a proxy is not ready')
  const body = JSON.stringify({ data: 'dg==', id: '11', permanent: true })
  await each(PROXIES * 20, async (n) => {
    const { url } = started[n % PROXIES]!
    const { status } = await fetch(`${url}/key/mass${n}`, { method: 'POST', body })
    assert.equal(status, 200)
  })
  await Promise.all(started.map(({ kill }) => kill()))
  const restartedAt = performance.now()
  const again = await Promise.all(states.map(startProcess))
  for (const { url } of again) await poll(() => isReady(url), 30_000, 'a proxy is not ready')
  const tookMs = Math.round(performance.now() - restartedAt)
  assert.ok(tookMs < 30_000, `it took ${tookMs} ms`)
  let kept = 0
  for (const { url } of again) {
    const response = await fetch(`${url}/node/stats`)
    kept += ((await response.json()) as { totalPermanentPuts: number }).totalPermanentPuts
  }
  assert.equal(kept, PROXIES * 20)
  const text = await (await fetch(`${again[1]!.url}/key/mass3`)).text()
  assert.match(text, /"id":"11"/)
  await Promise.all(again.map(({ kill }) => kill()))
})

/** The action for each number below `count`, a few at a time. */
async function each(count: number, action: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) await action(next++)
  }
  await Promise.all(Array.from({ length: 16 }, work))
}

async function slowestOf(count: number, url: string): Promise<number> {
  let worstMs = 0
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now()
    const response = await fetch(url)
    await response.arrayBuffer()
    assert.equal(response.status, 200)
    worstMs = Math.max(worstMs, performance.now() - startedAt)
    await sleep(25)
  }
  return worstMs
}
