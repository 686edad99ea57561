// SPDX-License-Identifier: MIT
// Several proxies that share a Redis server: who looks after what, and what happens when one dies.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { KeptState } from '../../src/proxy/server/push/kept-state.ts'
import { readTarget } from '../../src/proxy/server/push/target-json.ts'
import { type Clock, systemClock } from '../../src/proxy/server/store/clock.ts'
import { openStore } from '../../src/proxy/server/store/open-store.ts'
import { recordId } from '../../src/proxy/server/store/records.ts'
import { RedisStore } from '../../src/proxy/server/store/redis-store.ts'
import { startChild } from '../support/child.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { ListeningDht } from '../support/listening-dht.ts'
import { startProxy } from '../support/proxy-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { put, RememberingHolder, subscription } from '../support/record-samples.ts'
import { NO_REDIS, RedisProcess } from '../support/redis-process.ts'
import { testLastingStore, testStore } from '../support/store-contract.ts'

const skip = NO_REDIS
const PROGRAM = new URL('../support/proxy-program.ts', import.meta.url).pathname
/** Leases end within this time. */
const takeoverMs = 2000
const PATIENCE_MS = 20_000
const DEVICE = { key: 'token', client_id: 'app', session_id: 's', platform: 'android' }

async function until(what: string, isSo: () => boolean, ms = PATIENCE_MS): Promise<void> {
  const end = Date.now() + ms
  while (!isSo()) {
    if (Date.now() > end) assert.fail(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function shared() {
  const redis = await RedisProcess.start()
  return {
    open: () => openStore({ redis: redis.url }, { clock: systemClock, log: undefined }),
    [Symbol.asyncDispose]: () => redis.stop(),
  }
}

/** A clock that can be stopped for good, as when its process dies. */
class MortalClock implements Clock {
  readonly #ends: (() => void)[] = []
  #isDead = false

  now(): number {
    return Date.now()
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#isDead) return () => {}
    const cancel = systemClock.after(ms, callback)
    this.#ends.push(cancel)
    return cancel
  }

  die(): void {
    this.#isDead = true
    for (const end of this.#ends) end()
  }
}

async function connect(url: string, clock: Clock = systemClock) {
  const store = await RedisStore.connect(url, { clock, log: undefined, takeoverMs })
  const holder = new RememberingHolder()
  await store.open(holder)
  return { store, holder }
}

if (skip === false) {
  testStore('the store in Redis', shared)
  testLastingStore('the store in Redis', shared)
}

suite('proxies that share a Redis server', { skip, concurrency: true }, () => {
  const records = Array.from({ length: 200 }, (_, n) =>
    n % 2 === 0 ? subscription(`key ${n}`) : put(`key ${n}`, 1n),
  )
  const ids = records.map(recordId).sort()

  test('share the work, and each record has one holder', async () => {
    await using redis = await RedisProcess.start()
    const a = await connect(redis.url)
    for (const record of records) await a.store.write(record)
    assert.deepEqual(a.holder.ids, ids)
    const b = await connect(redis.url)
    await until('half of it', () => a.store.shards === 32 && b.store.shards === 32)
    await until('all of it', () => a.holder.held.size + b.holder.held.size === records.length)
    assert.deepEqual([...a.holder.ids, ...b.holder.ids].sort(), ids)
    assert(b.holder.held.size > 50)
    // What one writes, the other hears of, if it is its own.
    const [theirs] = b.holder.held.values()
    await a.store.write({ ...theirs!, isNoticed: true })
    await until('news', () => b.holder.held.get(recordId(theirs!))?.isNoticed === true, 2000)
    await a.store.remove(recordId(theirs!))
    await until('the end', () => !b.holder.held.has(recordId(theirs!)), 2000)
    await b.store.close()
    await until('the rest', () => a.holder.held.size === records.length - 1)
    await a.store.close()
  })

  test('take over from one that dies', async () => {
    await using redis = await RedisProcess.start()
    const clock = new MortalClock()
    const a = await connect(redis.url, clock)
    for (const record of records) await a.store.write(record)
    const b = await connect(redis.url)
    await until('half of it', () => a.store.shards === 32 && b.store.shards === 32)
    clock.die()
    await until('all of it', () => b.holder.held.size === records.length)
    assert.deepEqual(b.holder.ids, ids)
    await a.store.close()
    await b.store.close()
  })

  test('go on while the server is away, and say what cannot be kept', async () => {
    await using redis = await RedisProcess.start()
    const { store, holder } = await connect(redis.url)
    await store.write(records[0]!)
    await redis.stop()
    await assert.rejects(store.write(records[1]!), { code: 'ERR_DHT_STATE' })
    assert.deepEqual(holder.ids, [recordId(records[0]!)])
    assert.equal(store.counters.failures, 1)
    await redis.start()
    // It came back empty: what is not there is not looked after any more.
    await until('nothing', () => holder.held.size === 0)
    await until('writing', () => store.shards === 64, 1000)
    await store.write(records[1]!)
    assert.deepEqual(holder.ids, [recordId(records[1]!)])
    await store.close()
  })

  test('answer with 503 what cannot be kept, and do everything else', async () => {
    await using redis = await RedisProcess.start()
    const { proxy, close } = await startProxy({
      store: { redis: redis.url, takeoverMs },
      push: { gateway: '127.0.0.1:9' },
    })
    const send = (method: string, path: string, body: unknown) =>
      fetch(proxy.url + path, { method, body: JSON.stringify(body) })
    const permanent = { data: 'dg==', id: '7', permanent: true }
    assert.equal((await send('POST', '/key/a', permanent)).status, 200)
    await redis.stop()
    const refused = [
      await send('POST', '/key/a', permanent),
      await send('SUBSCRIBE', '/key/a', DEVICE),
      await send('UNSUBSCRIBE', '/key/a', DEVICE),
    ]
    for (const reply of refused) {
      assert.equal(reply.status, 503)
      assert.match(await reply.text(), /nothing can be stored now"}$/)
    }
    assert.equal((await send('POST', '/key/a', { data: 'eA==', id: '8' })).status, 200)
    assert.equal(proxy.summary.puts, 1)
    assert.equal(proxy.counters.internalErrors, 0)
    await close()
  })

  test('serve a subscription that was made on another, once that is gone', async () => {
    await using redis = await RedisProcess.start()
    await using gateway = await PushStub.start()
    const [nodeA, nodeB] = [new ListeningDht(), new ListeningDht()]
    const clock = new MortalClock()
    const options = { push: { gateway: gateway.host }, store: { redis: redis.url, takeoverMs } }
    const a = await KeptState.open(options, { node: nodeA, clock })
    const [key, value] = [InfoHash.get('key'), new Value({ id: 7n })]
    const target = readTarget(DEVICE, '')!
    await a.subscriptions.subscribe({ key, target, address: 'x' })
    await a.puts.put({ key, value, permanent: true, address: 'x' })
    const b = await KeptState.open(options, { node: nodeB })
    assert.equal(a.push.vapid.publicKey, b.push.vapid.publicKey)
    const holders = () => nodeA.listens.length + nodeB.listens.length
    await until('one holder', () => holders() === 1)
    // It is known on the other as well.
    assert.equal(await b.subscriptions.subscribe({ key, target, address: 'x' }), false)
    clock.die()
    await until('takeover', () => nodeB.listens.length === 1)
    await until('announcement', () => nodeB.calls.includes(`put ${key} 7`))
    nodeB.tell(key, value)
    await gateway.received(1)
    assert.deepEqual(gateway.items[0]?.['tokens'], ['token'])
    await a.close()
    await b.close()
  })

  test('serve a subscription that was made on another, whose process was killed', async () => {
    await using redis = await RedisProcess.start()
    await using gateway = await PushStub.start()
    const network = randomNetwork()
    const peer = await DhtRunner.start({ port: 0, bind4: '127.0.0.1', bind6: false, network })
    const proxy = await ProxyServer.start(peer, {
      port: 0,
      address: '127.0.0.1',
      push: { gateway: gateway.host },
      store: { redis: redis.url, takeoverMs },
    })
    const args = [`127.0.0.1:${peer.port4}`, `${network}`, redis.url, gateway.host]
    const child = startChild([process.execPath, PROGRAM, ...args])
    const [port] = await once(createInterface({ input: child.stdout }), 'line')
    // As many that some of them are looked after by the one that is killed.
    for (let n = 0; n < 40; n++) {
      const body = JSON.stringify({ ...DEVICE, key: `token ${n}` })
      const url = `http://127.0.0.1:${port}/key/watched${n}`
      assert.equal((await fetch(url, { method: 'SUBSCRIBE', body })).status, 200)
    }
    await until('a share each', () => proxy.summary.pushListeners < 40)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await until('takeover', () => proxy.summary.pushListeners === 40)
    for (let n = 0; n < 40; n++) {
      const value = { id: 7n, data: Uint8Array.of(n) }
      // It is alone now; what it stores itself is told nevertheless.
      await peer.put(`watched${n}`, value).catch(() => undefined)
    }
    const tokens = () => new Set(gateway.items.map((it) => (it['tokens'] as string[])[0]))
    await until('all notifications', () => tokens().size === 40)
    await proxy.close()
    await peer.close()
  })

  test('answer for values that another announces', async () => {
    await using redis = await RedisProcess.start()
    const [nodeA, nodeB] = [new ListeningDht(), new ListeningDht()]
    const options = { store: { redis: redis.url, takeoverMs } }
    const a = await KeptState.open(options, { node: nodeA })
    const b = await KeptState.open(options, { node: nodeB })
    const key = InfoHash.get('key')
    const request = { key, permanent: true, address: 'x' }
    const first = await b.puts.put({ ...request, value: new Value() })
    await until('one holder', () => a.puts.counts.values + b.puts.counts.values === 1)
    // Repeated on either, it is the same put.
    assert.equal((await a.puts.put({ ...request, value: new Value() })).id, first.id)
    assert.equal((await b.puts.put({ ...request, value: new Value() })).id, first.id)
    const calls = [...nodeA.calls, ...nodeB.calls].filter((it) => it.startsWith('put'))
    assert.equal(calls.length, 1)
    await a.close()
    await b.close()
  })
})
