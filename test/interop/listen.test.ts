// SPDX-License-Identifier: MIT
// Listening across implementations: values that come, change and expire, on either side. In a small
// network everybody stores everything, so some tests see to it that the listener does not.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import {
  content,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  keyFarFrom,
  Signer,
  shortType,
  text,
} from '../support/interop-kit.ts'
import { NodeListener } from '../support/node-listener.ts'
import { poll } from '../support/watch.ts'

const SHORT = 9001
/** As short as C++ nodes can do when they put themselves. */
const SHORT_MS = 11_000
/** For what only our nodes store. */
const SHORTEST_MS = 2000
const LARGE = content('large', 65_000)
const PATIENCE_MS = 20_000

let host: CppHost

describe('listen', { skip: cppAvailable(), concurrency: true }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  for (const clientMode of [false, true]) {
    const here = clientMode ? 'here without storing' : 'here'

    test(`listen ${here}, put there`, async () => {
      await using network = await startNetwork(family)
      const [there] = network.cpp as [CppNode]
      await there.put(hex('key'), 'early')
      const listener = new NodeListener(await network.addNode({ clientMode }), 'key')
      await listener.waitFor({ data: 'early' })
      const { id } = await there.put(hex('key'), 'late')
      const { value } = await listener.waitFor({ data: 'late' })
      assert.equal(value.id, id)
      await there.put(hex('key'), LARGE)
      await listener.waitFor({ data: LARGE })
      assert.equal(listener.events.length, 3)
    })

    test(`listen ${here}, change there`, async () => {
      await using network = await startNetwork(family, true)
      const [there] = network.cpp as [CppNode]
      const listener = new NodeListener(await network.addNode({ clientMode }), 'key')
      for (const data of ['one', 'two', 'three']) {
        await there.put(hex('key'), data, { id: 5n, signed: true })
        const { value } = await listener.waitFor({ data })
        assert.equal(value.ownerId?.toString(), there.keyId)
      }
      assert.equal(listener.events.length, 3)
    })

    test(`listen ${here}, expiry of what was put there`, async () => {
      await using network = await startNetwork(family)
      const [there] = network.cpp as [CppNode]
      const here = await network.addNode({ clientMode })
      if (!clientMode) here.registerType(shortType(SHORT, SHORT_MS))
      const listener = new NodeListener(here, 'key')
      await there.put(hex('key'), 'short', { type: SHORT })
      await there.put(hex('key'), 'long')
      await listener.waitFor({ data: 'short', expired: true })
      const values = await here.getAll('key')
      assert.deepEqual(
        values.map(({ data }) => text(data)),
        ['long'],
      )
    })
  }

  test('listen there, put here', async () => {
    await using network = await startNetwork(family)
    const [there] = network.cpp as [CppNode]
    await assertPutsAreHeard(await network.addNode(), there, 'key')
  })

  test('listen there, change here', async () => {
    await using network = await startNetwork(family)
    const [there] = network.cpp as [CppNode]
    const here = await network.addNode()
    const signer = new Signer()
    const listener = await there.listen(hex('key'))
    for (const [seq, data] of ['one', 'two', 'three'].entries()) {
      await here.put('key', signer.sign({ id: 5n, seq, data }))
      await listener.waitFor(({ value }) => text(value.data) === data)
    }
    assert.equal(listener.events.length, 3)
  })

  test('listen there, expiry of what was put here', async () => {
    await using network = await startNetwork(family)
    const [there] = network.cpp as [CppNode]
    const here = await network.addNode()
    here.registerType(shortType(SHORT, SHORT_MS))
    await assertExpiryIsHeard(here, there, 'key')
  })

  test('listen there to what only our nodes store', async () => {
    const { network, there, ours, key } = await startAmongOurs(family)
    await using _ = network
    await assertPutsAreHeard(ours[0]!, there, key)
    assert.match(await there.log('storage'), / 0 values /)
  })

  test('listen there, expiry of what only our nodes store', async () => {
    const { network, there, ours, key } = await startAmongOurs(family)
    await using _ = network
    await assertExpiryIsHeard(ours[0]!, there, key)
  })
}

/** C++ nodes that know short-lived values, and can sign if wanted. */
function startNetwork(family: InteropFamily, canSign = false): Promise<InteropNetwork> {
  const types = [{ id: SHORT, name: 'short', expiration: SHORT_MS / 1000 }]
  return InteropNetwork.start(host, family, { types, ...(canSign && { identity: 'signer' }) })
}

/** One C++ node with nine of ours, and a key that eight of ours at least are closer to. */
async function startAmongOurs(family: InteropFamily) {
  const network = await InteropNetwork.start(host, family)
  const [there] = network.cpp as [CppNode]
  const ours = await Promise.all(Array.from({ length: 9 }, () => network.addNode()))
  for (const node of ours) node.registerType(shortType(SHORT, SHORTEST_MS))
  await network.introduceAll(ours)
  const key = keyFarFrom(there, ours)
  return { network, there, ours, key }
}

async function assertPutsAreHeard(here: DhtRunner, there: CppNode, key: string): Promise<void> {
  await here.put(key, 'early')
  const listener = await there.listen(hex(key))
  await listener.waitFor(({ value }) => text(value.data) === 'early')
  const { value: late } = await here.put(key, 'late')
  const event = await listener.waitFor(({ value }) => text(value.data) === 'late')
  assert.equal(event.value.id, late.id)
  await here.put(key, LARGE)
  await listener.waitFor(({ value }) => value.size === LARGE.length)
  assert.equal(listener.events.length, 3)
  await listener.cancel()
}

async function assertExpiryIsHeard(here: DhtRunner, there: CppNode, key: string): Promise<void> {
  const listener = await there.listen(hex(key))
  const { value } = await here.put(key, { type: SHORT, data: new Uint8Array([1]) })
  await here.put(key, 'long')
  await listener.waitFor(({ value }) => text(value.data) === 'long')
  await listener.waitFor(({ value: { id } }) => id === value.id)
  await listener.waitFor(({ value: { id }, expired }) => expired && id === value.id, PATIENCE_MS)
  const rest = async () => (await there.get(hex(key))).values.map(({ data }) => text(data)).join()
  await poll(async () => (await rest()) === 'long', PATIENCE_MS, 'only the other value is left')
}
