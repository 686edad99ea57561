// SPDX-License-Identifier: MIT
// A network of 16 C++ nodes and 16 of ours, all of one family. More nodes than store a value: who
// looks for it has to find the way, and both kinds have to agree on who is closest.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import {
  endpointOf,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  text,
} from '../support/interop-kit.ts'

const COUNT = 16
const PATIENCE_MS = 30_000

let host: CppHost

describe('mixed network', { skip: cppAvailable() }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) {
    test(`every node finds every key over ${family.name}`, () => testNetwork(family))
  }
})

async function testNetwork(family: InteropFamily): Promise<void> {
  await using network = await InteropNetwork.start(host, family, {
    count: COUNT,
    families: family.cpp,
  })
  const ours = await Promise.all(network.cpp.map((entry) => join(network, entry)))
  const names = Array.from({ length: 2 * COUNT }, (_, i) => `key ${i}`)
  // The first half of the keys is put by C++ nodes, the second one by ours.
  await Promise.all(
    names.map(async (name, i) => {
      if (i >= COUNT) assert.ok((await ours[i - COUNT]!.put(name, name)).nodes.length >= 8)
      else assert.ok((await network.cpp[i]!.put(hex(name), name)).ok)
    }),
  )
  const missing = await Promise.all([
    ...network.cpp.map((node) => missingThere(node, names)),
    ...ours.map((node) => missingHere(node, names)),
  ])
  assert.deepEqual(missing.flat(), [])
}

/** Each of our nodes knows a C++ node of its own at first. */
async function join(network: InteropNetwork, entry: CppNode): Promise<DhtRunner> {
  const node = await network.addStranger({ bootstrap: [endpointOf(entry, network.family)] })
  await node.whenConnected({ signal: AbortSignal.timeout(PATIENCE_MS) })
  return node
}

async function missingThere(node: CppNode, names: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  for (const name of names) {
    const { values } = await node.get(hex(name))
    if (values.map(({ data }) => text(data)).join() !== name) {
      missing.push(`${name} at C++ node ${node.nodeId}`)
    }
  }
  return missing
}

async function missingHere(node: DhtRunner, names: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  for (const name of names) {
    const values = await node.getAll(name)
    if (values.map(({ data }) => text(data)).join() !== name) {
      missing.push(`${name} at our node ${node.id}`)
    }
  }
  return missing
}
