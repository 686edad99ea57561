// SPDX-License-Identifier: MIT
// Values of all sizes between C++ nodes and ours, in both roles: who puts, who stores, who gets.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { PutResult } from '../../src/api/dht-interface.ts'
import { PutError } from '../../src/api/errors.ts'
import type { ValueInput } from '../../src/api/value-input.ts'
import type { InfoHash } from '../../src/core/id/info-hash.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import {
  content,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  Signer,
  text,
} from '../support/interop-kit.ts'

/** One byte, both sides of what fits into a datagram, several fragments, and nearly the limit. */
const SIZES = [1, 600, 1300, 8000, 65_000]
const MANY = 100

let host: CppHost

describe('put and get', { skip: cppAvailable(), concurrency: true }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  test('what is put here is stored there', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addNode()
    for (const size of SIZES) {
      const { nodes } = await putElsewhere(here, `${size}`, content(`${size}`, size))
      assert.deepEqual(idsOf(nodes), network.cpp.map(({ nodeId }) => nodeId).sort())
    }
    for (const node of network.cpp) await assertSizesThere(node)
  })

  test('what is put there is stored here', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addNode()
    await putSizesThere(network.cpp[0]!)
    for (const size of SIZES) {
      const [value] = here.getLocal(`${size}`)
      assert.deepEqual(value?.data, content(`${size}`, size))
    }
  })

  test('what only we have is found there', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addStranger()
    // Nobody is there to take them: they stay where they are.
    for (const size of SIZES) {
      await assert.rejects(here.put(`${size}`, content(`${size}`, size)), PutError)
    }
    await network.introduce(here)
    for (const node of network.cpp) await assertSizesThere(node)
  })

  test('what only they have is found here', async () => {
    await using network = await InteropNetwork.start(host, family)
    await putSizesThere(network.cpp[0]!)
    const here = await network.addNode()
    for (const size of SIZES) {
      const values = await here.getAll(`${size}`)
      assert.deepEqual(
        values.map(({ data }) => data),
        [content(`${size}`, size)],
      )
      assert.equal(here.getLocal(`${size}`).length, 0)
    }
  })

  test('a hundred values under one key', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addNode()
    const [there] = network.cpp as [CppNode]
    const expected = Array.from({ length: MANY }, (_, i) => `value ${i}`).sort()
    await Promise.all(expected.map((data) => here.put('many here', data)))
    await Promise.all(expected.map((data) => there.put(hex('many there'), data)))
    const stranger = await network.addNode()
    for (const key of ['many here', 'many there']) {
      const found = await stranger.getAll(key)
      assert.deepEqual(found.map(({ data }) => text(data)).sort(), expected)
      const { values } = await there.get(hex(key))
      assert.deepEqual(values.map(({ data }) => text(data)).sort(), expected)
    }
  })

  test('a hundred values that only we have', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addStranger()
    const expected = Array.from({ length: MANY }, (_, i) => `value ${i}`).sort()
    await Promise.all(expected.map((data) => assert.rejects(here.put('many', data), PutError)))
    await network.introduce(here)
    const { values } = await network.cpp[0]!.get(hex('many'))
    assert.deepEqual(values.map(({ data }) => text(data)).sort(), expected)
  })

  test('signed values', async () => {
    await using network = await InteropNetwork.start(host, family, { identity: 'signer' })
    const here = await network.addNode()
    const [there] = network.cpp as [CppNode]
    const signer = new Signer()
    const signed = signer.sign({ id: 7n, data: 'signed here', seq: 3 })
    await putElsewhere(here, 'signed here', signed)
    await there.put(hex('signed there'), 'signed there', { id: 8n, signed: true })
    const [found] = (await there.get(hex('signed here'))).values
    assert.equal(text(found!.data), 'signed here')
    assert.equal(found!.owner, signed.ownerId!.toString())
    await assertSignedHere(here, there)
  })

  test('everything that makes up a value', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addNode()
    const [there] = network.cpp as [CppNode]
    const id = 2n ** 64n - 1n
    const data = new Uint8Array([0, 255])
    await putElsewhere(here, 'fields', { id, type: 3, data, userType: 'text/é' })
    await there.put(hex('fields'), new Uint8Array(), { id: 1n, type: 4, userType: 'x' })
    const found = (await here.getAll('fields')).sort((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(
      found.map((value) => [value.id, value.type, value.userType, [...value.data]]),
      [
        [1n, 4, 'x', []],
        [id, 3, 'text/é', [0, 255]],
      ],
    )
    const { values } = await there.get(hex('fields'), `WHERE id=${id}`)
    assert.deepEqual(
      values.map((value) => [value.id, value.type, value.userType, [...value.data]]),
      [[id, 3, 'text/é', [0, 255]]],
    )
  })
}

/** Leaves no copy on the node that puts. */
async function putElsewhere(here: DhtRunner, key: string, value: ValueInput): Promise<PutResult> {
  const result = await here.put(key, value, { permanent: true })
  assert.ok(await here.cancelPut(key, result.value))
  assert.deepEqual(here.getLocal(key), [])
  return result
}

async function putSizesThere(node: CppNode): Promise<void> {
  for (const size of SIZES) {
    await node.put(hex(`${size}`), content(`${size}`, size))
  }
}

async function assertSizesThere(node: CppNode): Promise<void> {
  for (const size of SIZES) {
    const { values } = await node.get(hex(`${size}`))
    assert.deepEqual(
      values.map(({ data }) => data),
      [content(`${size}`, size)],
    )
  }
}

async function assertSignedHere(here: DhtRunner, there: CppNode): Promise<void> {
  const [value] = await here.getAll('signed there')
  assert.equal(text(value!.data), 'signed there')
  assert.equal(value!.ownerId!.toString(), there.keyId)
  // It is taken by this node, which means that it found the signature valid.
  await there.put(hex('signed later'), 'signed later', { id: 9n, signed: true })
  assert.equal(here.getLocal('signed later').length, 1)
}

function idsOf(nodes: readonly { readonly id: InfoHash }[]): string[] {
  return nodes.map(({ id }) => id.toString()).sort()
}
