// SPDX-License-Identifier: MIT
// Who becomes part of a network: nodes that bootstrap on each other, in both directions, but not
// nodes of another network, and clients only as guests.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DhtInterface } from '../../src/api/dht-interface.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import {
  endpointOf,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  portOf,
  randomNetwork,
  startNode,
  text,
} from '../support/interop-kit.ts'
import { NodeListener } from '../support/node-listener.ts'
import { poll } from '../support/watch.ts'

const PATIENCE_MS = 20_000
const OUR_PROGRAM = fileURLToPath(new URL('../../src/cli/dhtnode.ts', import.meta.url))

let host: CppHost

describe('membership', { skip: cppAvailable(), concurrency: true }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  test('our node bootstraps on a C++ node, and meets the others', async () => {
    await using network = await InteropNetwork.start(host, family, { count: 4 })
    const [entry, ...others] = network.cpp as [CppNode, ...CppNode[]]
    const here = await network.addStranger({ bootstrap: [endpointOf(entry, family)] })
    await here.whenConnected({ signal: AbortSignal.timeout(PATIENCE_MS) })
    const count = async () => (await here.stats())[family.cpp].good
    await poll(async () => (await count()) === 4, PATIENCE_MS, 'we know all four C++ nodes')
    const { nodes } = await here.put('key', 'from here')
    assert.equal(nodes.length, 4)
    for (const node of network.cpp) assert.deepEqual(await textsAt(node, 'key'), ['from here'])
    // Until it needs us, a C++ node does not find out that we answer.
    const put = await entry.put(hex('key there'), 'from there')
    assert.ok(put.nodes.some(({ id }) => id === here.id.toString()))
    await entry.waitForGoodNodes(others.length + 1, PATIENCE_MS, family.cpp)
    assert.equal(here.getLocal('key there').length, 1)
  })

  test('C++ nodes bootstrap on our node, and meet through it', async () => {
    await using network = await InteropNetwork.start(host, family, { count: 0 })
    const here = await network.addStranger()
    const there = await Promise.all([network.addCppStranger(), network.addCppStranger()])
    for (const node of there) await node.bootstrap(family.host, portOf(here, family))
    await here.whenConnected({ signal: AbortSignal.timeout(PATIENCE_MS) })
    for (const node of there) await node.waitForGoodNodes(1, PATIENCE_MS, family.cpp)
    assert.ok((await there[0].put(hex('key'), 'from there')).ok)
    assert.deepEqual(await textsAt(there[1], 'key'), ['from there'])
    assert.deepEqual(await textsHere(here, 'key'), ['from there'])
  })

  test('dhtnode programs bootstrap on each other', async () => {
    const network = randomNetwork()
    const options = ['-n', `${network}`]
    const command = [process.execPath, OUR_PROGRAM]
    await using ours = await DhtnodeProcess.start({ command, args: [...options, '-p', '0'] })
    const endpoint = (port: number) =>
      family.name === 'IPv4' ? `${family.host}:${port}` : `[${family.host}]:${port}`
    const onOurs = [...options, '-b', endpoint(family.name === 'IPv4' ? ours.port : ours.port6)]
    await using theirs = await DhtnodeProcess.start({ args: onOurs })
    const onTheirs = [...options, '-b', endpoint(theirs.port), '-p', '0']
    await using another = await DhtnodeProcess.start({ command, args: onTheirs })
    const { ok } = await another.put('key', 'hello')
    assert.ok(ok)
    for (const program of [ours, theirs, another]) {
      const { lines } = await program.get('key')
      assert.equal(lines.length, 1)
      assert.match(lines[0]!, /data\(text\/plain\):"hello"/)
    }
  })

  test('networks with different ids stay apart', async () => {
    await using network = await InteropNetwork.start(host, family)
    const [there] = network.cpp as [CppNode]
    const bootstrap = [endpointOf(there, family)]
    await using other = await startNode(family, { network: network.network + 1, bootstrap })
    await using public_ = await startNode(family, { network: 0, bootstrap })
    await using member = await startNode(family, { network: network.network, bootstrap })
    await member.whenConnected({ signal: AbortSignal.timeout(PATIENCE_MS) })
    const strangers = [other, public_]
    // All that they sent has been waited for by the time that these pings are given up.
    const answers = await Promise.all(
      strangers.flatMap((node) => [
        node.ping(endpointOf(there, family)),
        there.ping(family.host, portOf(node, family)),
      ]),
    )
    assert.deepEqual(answers, [false, false, false, false])
    await there.put(hex('key'), 'secret')
    for (const node of strangers) {
      assert.notEqual(node.status().overall, 'connected')
      assert.deepEqual(node.exportNodes(), [])
      assert.ok((await node.stats()).dropped.otherNetwork > 0)
      assert.deepEqual(node.getLocal('key'), [])
      assert.ok(!(await there.log('routing', family.cpp)).includes(node.id.toString()))
    }
    assert.deepEqual(await textsHere(member, 'key'), ['secret'])
  })

  test('a client uses the network and is not used', async () => {
    await using network = await InteropNetwork.start(host, family, { count: 3 })
    const bootstrap = network.cpp.map((node) => endpointOf(node, family))
    const client = await network.addStranger({ clientMode: true, bootstrap })
    const listener = new NodeListener(client, 'key')
    await client.whenConnected({ signal: AbortSignal.timeout(PATIENCE_MS) })
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`)
    const [there] = network.cpp as [CppNode]
    await there.put(hex('key'), 'from there')
    await listener.waitFor({ data: 'from there' })
    const puts = await Promise.all(keys.map((key) => there.put(hex(key), key)))
    for (const { nodes } of puts) assert.ok(nodes.every(({ id }) => id !== client.id.toString()))
    assert.equal((await client.put('own', 'from the client')).nodes.length, 3)
    for (const node of network.cpp) {
      assert.deepEqual(await textsAt(node, 'own'), ['from the client'])
      assert.ok(!(await node.log('routing', family.cpp)).includes(client.id.toString()))
      assert.equal((await node.stats())[family.cpp].good, 2)
    }
    for (const key of keys) assert.deepEqual(await textsHere(client, key), [key])
    const { storage, messages } = await client.stats()
    assert.equal(storage.remoteBytes, 0)
    assert.equal(messages.in['put'], 0)
    assert.equal(messages.in['listen'], 0)
  })
}

async function textsAt(node: CppNode, key: string): Promise<string[]> {
  return (await node.get(hex(key))).values.map(({ data }) => text(data))
}

async function textsHere(node: DhtInterface, key: string): Promise<string[]> {
  return (await node.getAll(key)).map(({ data }) => text(data))
}
