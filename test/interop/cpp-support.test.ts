// SPDX-License-Identifier: MIT
// Checks the test support itself: real C++ nodes, the dhtnode program, namespaces, raw peers.

import assert from 'node:assert/strict'
import { createHash, randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { cppAvailable } from '../support/cpp-available.ts'
import { type CppGetResult, CppHost, type CppNode } from '../support/cpp-node.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { netnsAvailable, VirtualNetwork } from '../support/netns.ts'
import { answerAsEmptyNode, fragments, pack, RawPeer } from '../support/raw-peer.ts'
import { toHex } from '../support/vectors.ts'
import { poll } from '../support/watch.ts'

const network = randomInt(1, 2 ** 31)
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')

describe('C++ nodes in one host', { skip: cppAvailable(), concurrency: true }, () => {
  let host: CppHost
  let a: CppNode
  let b: CppNode

  before(async () => {
    host = await CppHost.start()
    const types = [{ id: 9001, name: 'short', expiration: 11 }]
    ;[a, b] = (await host.createCluster(2, { network, types })) as [CppNode, CppNode]
  })
  after(() => host.close())

  test('a value put on one is found on the other', async () => {
    const id = 2n ** 64n - 1n
    const put = await a.put(sha1('one'), 'hello', { id, userType: 'text/plain', type: 9001 })
    assert.equal(put.ok, true)
    assert.equal(put.id, id)
    assert.equal(put.nodes[0]?.id, b.nodeId)
    const { ok, values } = await b.get(sha1('one'))
    assert.equal(ok, true)
    assert.equal(values.length, 1)
    assert.equal(values[0]!.id, id)
    assert.equal(values[0]!.type, 9001)
    assert.equal(values[0]!.userType, 'text/plain')
    assert.equal(Buffer.from(values[0]!.data).toString(), 'hello')
    assert.deepEqual((await b.get(sha1('one'), 'WHERE id=5')).values, [])
  })

  test('many operations run side by side', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => sha1(`many ${i}`))
    const puts = await Promise.all(keys.map((key) => a.put(key, key)))
    assert.equal(puts.filter((put) => put.ok).length, keys.length)
    const gets = await Promise.all(keys.map((key) => b.get(key)))
    assert.equal(gets.filter((get) => get.values.length === 1).length, keys.length)
  })

  test('a listener sees a value come and expire', async () => {
    const listener = await b.listen(sha1('two'))
    const { id } = await a.put(sha1('two'), 'short lived', { type: 9001 })
    await listener.waitFor((event) => event.value.id === id && !event.expired)
    await listener.waitFor((event) => event.value.id === id && event.expired, 20_000)
    await listener.cancel()
  })

  test('a cancelled listener leaves the others alone', async () => {
    const first = await b.listen(sha1('first'))
    const second = await b.listen(sha1('second'))
    await first.cancel()
    await a.put(sha1('second'), 'still heard')
    await second.waitFor(({ value }) => text(value.data) === 'still heard')
    assert.deepEqual(first.events, [])
  })

  test('a node with an identity signs and edits values', async () => {
    const options = { network: network + 1, identity: 'signer' }
    const [signer, other] = (await host.createCluster(2, options)) as [CppNode, CppNode]
    for (const data of ['first', 'second']) {
      assert.ok((await signer.put(sha1('edited'), data, { id: 5n, signed: true })).ok)
      const { values } = await other.get(sha1('edited'))
      assert.deepEqual(
        values.map((value) => [value.id, value.owner, text(value.data)]),
        [[5n, signer.keyId, data]],
      )
    }
  })

  test('a node answers a ping over both families', async () => {
    assert.equal(await a.ping(b.ipv4, b.port4), true)
    assert.equal(await a.ping(b.ipv6, b.port6), true)
    assert.equal((await a.stats()).ipv4.good, 1)
    assert.equal((await a.stats()).ipv6.good, 1)
  })

  test('a port that is taken is an error, not the end of the host', async () => {
    await assert.rejects(host.createNode({ port: a.port }), /in use/)
  })

  test('a closed node answers no more', async () => {
    const c = await host.createNode({ network })
    const pending = assert.rejects(c.ping('127.0.0.1', 1), /closed/)
    await c.close()
    await pending
    await assert.rejects(c.stats())
  })
})

test('sixteen C++ nodes in one host', { skip: cppAvailable() }, async () => {
  await using host = await CppHost.start()
  const nodes = await host.createCluster(16, { network })
  const puts = await Promise.all(nodes.map((node, i) => node.put(sha1(`n${i}`), `${i}`)))
  assert.ok(puts.every((put) => put.ok))
  const gets = await Promise.all(nodes.map((node, i) => node.get(sha1(`n${15 - i}`)).then(only)))
  assert.deepEqual(
    gets,
    Array.from({ length: 16 }, (_, i) => `${15 - i}`),
  )
  // Closing nodes that are busy, which the binding alone would not survive.
  const leaving = nodes.slice(8)
  const busy = leaving.map((node) => Promise.allSettled([node.put(sha1('x'), 'x')]))
  await Promise.all(leaving.map((node) => node.close()))
  await Promise.all(busy)
  assert.ok((await nodes[0]!.log('routing')).includes(nodes[1]!.nodeId))
})

test('dhtnode programs', { skip: cppAvailable() }, async () => {
  await using host = await CppHost.start()
  const node = await host.createNode({ network, identity: 'reader' })
  const args = ['-n', `${network}`, '-U', '-i', '-b', `${node.host}:${node.port}`]
  await using program = await DhtnodeProcess.start({ args })
  assert.match(program.nodeId, /^[0-9a-f]{40}$/)
  const plain = await program.put('greeting', 'hello')
  const permanent = await program.put('greeting', 'again', true)
  assert.ok(plain.ok && permanent.ok)
  const found = await program.query('greeting', 'SELECT id WHERE value_type=0')
  assert.deepEqual(
    [...found.lines].sort(),
    [`Index[Id:${plain.id}]`, `Index[Id:${permanent.id}]`].sort(),
  )
  assert.equal((await program.get('greeting')).lines.length, 2)

  // The node announces its certificate as soon as it has a good node.
  assert.ok(await node.ping('127.0.0.1', program.port))
  const announced = async () => (await program.get(node.keyId!)).lines.length > 0
  await poll(announced, 10_000, 'the certificate can be found')
  const listener = await node.listen(sha1('greeting'))
  assert.ok((await program.putSigned('greeting', 'signed')).ok)
  assert.ok((await program.putEncrypted('greeting', node.keyId!, 'secret')).ok)
  const signed = await listener.waitFor(({ value }) => text(value.data) === 'signed')
  const secret = await listener.waitFor(({ value }) => text(value.data) === 'secret')
  assert.match(signed.value.owner ?? '', /^[0-9a-f]{40}$/)
  assert.equal(secret.value.owner, signed.value.owner)
  assert.equal(secret.value.recipient, node.keyId)
  await program.close()
  assert.equal(await program.exited, 0)
})

test('a raw peer puts a fragmented value', { skip: cppAvailable() }, async () => {
  await using host = await CppHost.start()
  const node = await host.createNode({ network })
  await using peer = await RawPeer.open({ network, answer: answerAsEmptyNode })
  const h = createHash('sha1').update('raw').digest()
  const reply = await peer.request(node, peer.query('get', { h }))
  const { token } = reply.message['r'] as { token: Uint8Array }
  const data = new Uint8Array(5000).fill(3)
  const value = pack({ id: 2n ** 63n, dat: { body: { type: 0, data } } })
  const put = peer.query('put', { h, token, values: [value.length] })
  const acknowledged = peer.request(node, put)
  for (const piece of fragments(put['t'] as number, 0, value, network)) peer.send(node, piece)
  assert.equal(((await acknowledged).message['r'] as { vid: bigint }).vid, 2n ** 63n)
  const { values } = await node.get(toHex(h))
  assert.deepEqual(values[0]?.data, data)
  assert.equal(await node.ping(peer.host, peer.port), true)
})

const skipNetwork = cppAvailable() || netnsAvailable()

test('a virtual network', { skip: skipNetwork }, async () => {
  using network = new VirtualNetwork()
  const lan = network.addSwitch(2)
  const [first, second] = lan.hosts
  await using hostA = await CppHost.start({ prefix: first!.prefix })
  await using hostB = await CppHost.start({ prefix: second!.prefix })
  const a = await hostA.createNode({ ipv4: first!.ipv4, ipv6: first!.ipv6 })
  const b = await hostB.createNode({ ipv4: second!.ipv4, ipv6: second!.ipv6 })
  await a.meet(b)
  first!.setFamily('ipv6', false)
  assert.equal(await a.ping(b.ipv6, b.port6), false)
  assert.equal(await a.ping(b.ipv4, b.port4), true)
  first!.setFamily('ipv6', true)
  assert.equal(await a.ping(b.ipv6, b.port6), true)
  lan.split([second!])
  const lost = a.ping(b.ipv4, b.port4)
  lan.join()
  assert.equal(await lost, true) // by the first retry
})

function text(data: Uint8Array): string {
  return Buffer.from(data).toString()
}

function only({ values }: CppGetResult): string {
  assert.equal(values.length, 1)
  return text(values[0]!.data)
}
