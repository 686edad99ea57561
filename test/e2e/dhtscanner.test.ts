// SPDX-License-Identifier: MIT
// test-timeout-s: 180
// dhtscanner over a network of a hundred nodes: half of them of the C++ implementation.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDemo } from '../../src/cli/demo.ts'
import { runProgram, TOOL } from '../support/cli-kit.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import { poll } from '../support/watch.ts'

const OURS = 50
const THEIRS = 50
const SCAN_MS = 60_000

test('a mixed network of a hundred nodes is mapped completely', {
  skip: cppAvailable(),
}, async (t) => {
  const demo = await startDemo(OURS)
  t.after(() => demo.close())
  await using cpp = await CppHost.start()
  const [host = '', port] = demo.entry.split(':')
  const theirs: CppNode[] = []
  for (let i = 0; i < THEIRS; i++) {
    const node = await cpp.createNode({ network: demo.network, families: 'ipv4' })
    await node.bootstrap(host, Number(port))
    theirs.push(node)
  }
  const expected = new Map(demo.nodes.map((node) => [`${node.id}`, node.port4]))
  for (const node of theirs) expected.set(node.nodeId, node.port4)
  const isJoined = async (): Promise<boolean> => {
    const known = await Promise.all(theirs.map((node) => node.stats()))
    return known.every(({ ipv4 }) => ipv4.good >= 5)
  }
  await poll(isJoined, 60_000, 'all C++ nodes know others', 500)

  const args = ['-n', String(demo.network), '-b', demo.entry, '--bind4', '127.0.0.1', '--json']
  const startedAt = performance.now()
  const { status, stdout } = await runProgram([...TOOL('dhtscanner'), ...args])
  assert.ok(performance.now() - startedAt < SCAN_MS)
  const objects = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const nodes = objects.filter(({ event }) => event === 'node')
  const found = new Map(nodes.map(({ id, addresses }) => [id, Number(addresses[0].split(':')[1])]))
  assert.deepEqual(new Map([...found].toSorted()), new Map([...expected].toSorted()))
  assert.equal(status, 0)
  const { nodes: count, isComplete } = objects.at(-1)
  assert.deepEqual([count, isComplete], [OURS + THEIRS, true])
})
