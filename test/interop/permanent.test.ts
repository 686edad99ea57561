// SPDX-License-Identifier: MIT
// Permanent puts outlive the lifetime of their values. Who puts renews a value 10 seconds before
// its lifetime ends, and who stores it decides when it ends, each by the types that it knows. So a
// type that lasts 11 seconds for the one and 4 for the others is renewed every second, and expires
// soon.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import {
  FAMILIES,
  hex,
  holdsUntil,
  type InteropFamily,
  InteropNetwork,
  shortType,
} from '../support/interop-kit.ts'
import { NodeListener } from '../support/node-listener.ts'
import { poll } from '../support/watch.ts'

const TYPE = 9002
const PUTTER_MS = 11_000
const KEEPER_MS = 4000
/** Well past the first expiry. */
const PROOF_MS = 2 * KEEPER_MS
const PATIENCE_MS = 20_000

let host: CppHost

describe('permanent put', { skip: cppAvailable(), concurrency: true }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  test('put here, kept alive there', async () => {
    await using network = await startNetwork(family, KEEPER_MS)
    const [there] = network.cpp as [CppNode]
    const here = await network.addNode()
    here.registerType(shortType(TYPE, PUTTER_MS))
    const watcher = new NodeListener(await network.addNode({ clientMode: true }), 'key')
    const content = (text: string) => ({ type: TYPE, data: Buffer.from(text) })
    await here.put('other', content('not permanent'))
    const { value } = await here.put('key', content('permanent'), { permanent: true })
    const putAt = performance.now()
    await watcher.waitFor({ data: 'permanent' })
    assert.equal(await storedBy(there), 2)
    await poll(async () => (await storedBy(there)) === 1, PATIENCE_MS, 'one value expires')
    const isKept = async () => (await storedBy(there)) === 1
    await holdsUntil(isKept, putAt + PROOF_MS, 'the C++ node keeps the permanent value')
    assert.equal(watcher.events.length, 1)
    const { out } = (await here.stats()).messages
    assert.ok(out['refresh']! > 0, 'renewed without sending it again')
    assert.equal(out['put'], 2)

    const newcomer = await network.addCppStranger({ types: typesOf(KEEPER_MS) })
    await Promise.all([newcomer.meet(there), network.introduce(here, [newcomer])])
    await poll(async () => (await storedBy(newcomer)) === 1, PATIENCE_MS, 'a newcomer gets it too')

    assert.ok(await here.cancelPut('key', value))
    await watcher.waitFor({ data: 'permanent', expired: true })
    assert.equal(await storedBy(there), 0)
  })

  test('put there, kept alive here', async () => {
    await using network = await startNetwork(family, PUTTER_MS)
    const [there] = network.cpp as [CppNode]
    const here = await network.addNode()
    here.registerType(shortType(TYPE, KEEPER_MS))
    const stored = () => here.getLocal('key').length
    const listener = new NodeListener(here, 'key')
    assert.ok((await there.put(hex('key'), 'not permanent', { type: TYPE })).ok)
    const options = { type: TYPE, permanent: true }
    const { ok, id } = await there.put(hex('key'), 'permanent', options)
    const putAt = performance.now()
    assert.ok(ok)
    assert.equal(stored(), 2)
    await listener.waitFor({ data: 'not permanent', expired: true })
    await holdsUntil(() => stored() === 1, putAt + PROOF_MS, 'we keep the permanent value')
    assert.ok((await here.stats()).messages.in['refresh']! > 0)
    await there.cancelPut(hex('key'), id)
    await listener.waitFor({ data: 'permanent', expired: true })
    assert.equal(stored(), 0)
  })
}

function typesOf(lifetimeMs: number) {
  return [{ id: TYPE, name: 'short', expiration: lifetimeMs / 1000 }]
}

function startNetwork(family: InteropFamily, lifetimeMs: number): Promise<InteropNetwork> {
  return InteropNetwork.start(host, family, { types: typesOf(lifetimeMs) })
}

/** How many values a C++ node stores, whatever the key. */
async function storedBy(node: CppNode): Promise<number> {
  return Number(/Total \d+ storages, (\d+) values/.exec(await node.log('storage'))?.[1])
}
