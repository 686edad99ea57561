// SPDX-License-Identifier: MIT
// Signed and encrypted values through a proxy: what the node signs for clients, and what it must
// not touch.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import type { Identity } from '../../src/crypto/identity.ts'
import { parseJson } from '../../src/proxy/protocol/json-reader.ts'
import { valueFromJson } from '../../src/proxy/protocol/value-json.ts'
import { type ProxyNetwork, startProxy } from '../support/proxy-kit.ts'
import { identityOf } from '../support/secure-kit.ts'
import { poll } from '../support/watch.ts'

let network: ProxyNetwork
let identity: Identity

before(async () => {
  identity = await identityOf('proxy')
  network = await startProxy({}, { identity })
  await network.node.whenPublished()
})
after(() => network?.close())

async function post(path: string, body: object): Promise<{ status: number; text: string }> {
  const reply = await fetch(network.proxy.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return { status: reply.status, text: await reply.text() }
}

async function valuesAt(key: string): Promise<Value[]> {
  const reply = await fetch(`${network.proxy.url}/key/${key}`)
  const lines = (await reply.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => valueFromJson(parseJson(line)))
}

const HELLO = Buffer.from('hello').toString('base64')

test('the node signs what a client asks it to, whoever the client says it is', async () => {
  const { status, text } = await post('/key/signed/sign', { data: HELLO, id: '7', sig: 'AAAA' })
  assert.equal(status, 200, text)
  const value = valueFromJson(parseJson(text))
  assert.deepEqual(value.owner, identity.publicKey.toDer())
  assert.ok(value.isSigned && value.id === 7n)
  const [found] = await network.peer.getAll('signed')
  assert.equal(found?.seq, value.seq)
  assert.deepEqual(
    (await valuesAt('signed')).map(({ id }) => id),
    [7n],
  )
})

test('a permanent put ends when another value of its id is signed', async () => {
  await post('/key/both', { data: HELLO, id: '8', permanent: true })
  assert.equal(network.proxy.summary.puts, 1)
  const { status } = await post('/key/both/sign', { data: HELLO, id: '8' })
  assert.equal(status, 200)
  assert.equal(network.proxy.summary.puts, 0)
})

test('a permanent put ends when another value of its id is encrypted, unless none is', async () => {
  await post('/key/three', { data: HELLO, id: '9', permanent: true })
  const unknown = await post('/key/three/encrypt', { data: HELLO, id: '9', to: 'cd'.repeat(20) })
  assert.equal(unknown.status, 400)
  assert.equal(network.proxy.summary.puts, 1)
  const to = String(identity.id)
  const { status, text } = await post('/key/three/encrypt', { data: HELLO, id: '9', to })
  assert.equal(status, 200, text)
  assert.equal(network.proxy.summary.puts, 0)
  assert.ok(valueFromJson(parseJson(text)).isEncrypted)
})

test('the node encrypts for a key that has a certificate, and only for such', async () => {
  const to = String(identity.id)
  const { status, text } = await post('/key/sealed/encrypt', { data: HELLO, to })
  assert.equal(status, 200, text)
  const value = valueFromJson(parseJson(text))
  assert.ok(value.isEncrypted)
  assert.equal(Buffer.from((await network.node.decrypt(value)).data).toString(), 'hello')
  const unknown = await post('/key/sealed/encrypt', { data: HELLO, to: 'ab'.repeat(20) })
  assert.equal(unknown.status, 400)
  assert.match(unknown.text, /No destination found/)
})

test('encrypted values pass as they are, even when the node could read them', async () => {
  const key = InfoHash.get('forwarded')
  await network.node.putEncrypted(key, identity.certificate, {
    id: 1n,
    data: Buffer.from('secret'),
  })
  const forOthers = new Value({ id: 2n, cypher: new Uint8Array(300).fill(5), priority: 1 })
  await network.peer.put(key, forOthers)
  const values = await valuesAt('forwarded')
  assert.deepEqual(new Set(values.map(({ id }) => id)), new Set([1n, 2n]))
  assert.ok(values.every(({ isEncrypted }) => isEncrypted))
  // The application beside the proxy gets what it can read.
  const own = await network.node.getAll(key)
  assert.deepEqual(
    own.map(({ data }) => Buffer.from(data).toString()),
    ['secret'],
  )
})

test('encrypted values come through listens, too', async () => {
  const gone = new AbortController()
  const reply = await fetch(`${network.proxy.url}/key/watched/listen`, { signal: gone.signal })
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader()
  await network.peer.put('watched', new Value({ id: 3n, cypher: new Uint8Array(300).fill(6) }))
  const { value } = await reader.read()
  assert.match(value!, /^\{"cypher":"BgYG[^"]+","id":"3"\}\n$/)
  gone.abort()
  await poll(() => network.proxy.counters.listens === 0, 5000, 'the stream ended')
})

test('values with a wrong signature are not passed on', async () => {
  const forged = new Value({
    id: 4n,
    data: Buffer.from('forged'),
    owner: identity.publicKey.toDer(),
    signature: new Uint8Array(256).fill(1),
  })
  await network.peer.put('forged', forged).catch(() => {})
  assert.deepEqual(await valuesAt('forged'), [])
})

test('a node without an identity says that it cannot sign', async (t) => {
  const plain = await startProxy()
  t.after(() => plain.close())
  for (const action of ['sign', 'encrypt']) {
    const reply = await fetch(`${plain.proxy.url}/key/x/${action}`, { method: 'POST', body: '{}' })
    assert.equal(reply.status, 501)
    assert.match(await reply.text(), /has no identity/)
  }
})

test('large answers are compressed for those who can read it', async () => {
  const data = Buffer.alloc(5000, 'x').toString('base64')
  for (const encoding of ['gzip', 'identity', 'gzip;q=0, identity']) {
    const reply = await fetch(`${network.proxy.url}/key/large`, {
      method: 'POST',
      headers: { 'accept-encoding': encoding },
      body: JSON.stringify({ data, id: '1' }),
    })
    assert.equal(reply.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null)
    assert.equal(reply.headers.get('vary'), 'Accept-Encoding')
    assert.equal(JSON.parse(await reply.text()).data, data)
  }
})
