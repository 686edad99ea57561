// SPDX-License-Identifier: MIT
// What can happen to a simulated node: crash, restart with and without state, pause, wrong clocks,
// churn.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SimNetwork, type SimNode } from '../../../src/sim/entry.ts'

async function settled(count = 20): Promise<{ network: SimNetwork; nodes: SimNode[] }> {
  const network = new SimNetwork({ seed: 3 })
  const nodes = network.addNodes(count, { overMs: 1000 })
  await network.run(20_000)
  return { network, nodes }
}

describe('a node that crashes', () => {
  test('ends its operations, and is gone for the others', async () => {
    const { network, nodes } = await settled()
    const node = nodes[4]!
    const put = node.put('key', 'value')
    const rejected = assert.rejects(put, { code: 'ERR_DHT_CLOSED' })
    node.crash()
    await rejected
    assert.equal(node.isUp, false)
    await assert.rejects(node.getAll('key'), { code: 'ERR_DHT_CLOSED' })
    assert.equal(await network.until(nodes[5]!.ping(node.address)), false)
    assert.ok(network.stats.dropped.down > 0)
  })

  test('comes back with the state that it saved', async () => {
    const { network, nodes } = await settled()
    const node = nodes[4]!
    const { id } = node
    await network.until(node.put('key', 'value'))
    node.stop()
    await network.run(5000)
    node.restart()
    assert.ok(node.id.equals(id))
    assert.equal(node.getLocal('key').length, 1)
    await network.until(() => node.isConnected)
    assert.equal((await network.until(node.getAll('key'))).length, 1)
  })

  test('comes back as another without it', async () => {
    const { network, nodes } = await settled()
    const node = nodes[4]!
    const { id } = node
    await network.until(node.put('key', 'value'))
    node.saveState()
    node.crash()
    node.restart({ state: 'none' })
    assert.ok(!node.id.equals(id))
    assert.equal(node.getLocal('key').length, 0)
    await network.until(() => node.isConnected)
    assert.equal((await network.until(node.getAll('key'))).length, 1)
  })
})

test('a node that is paused goes on where it was', async () => {
  const { network, nodes } = await settled()
  const node = nodes[4]!
  node.pause()
  assert.equal(await network.until(nodes[5]!.ping(node.address)), false)
  node.resume()
  assert.equal(await network.until(nodes[5]!.ping(node.address)), true)
  await network.until(node.put('key', 'value'))
})

describe('a node that is paused', () => {
  test('can be ended, and what it did ends with it', async () => {
    const { network, nodes } = await settled()
    const node = nodes[4]!
    for (const end of [() => node.crash(), () => node.stop(), () => node.restart()]) {
      const rejected = assert.rejects(node.getAll('key'), { code: 'ERR_DHT_CLOSED' })
      node.pause()
      end()
      node.resume()
      await rejected
      node.restart()
      await network.until(() => node.isConnected)
    }
  })

  test('comes back as another, or as itself with what it had when it was stopped', async () => {
    const { nodes } = await settled()
    const node = nodes[4]!
    const { id } = node
    node.pause()
    node.stop()
    assert.equal(node.isUp, false)
    node.restart()
    assert.ok(node.id.equals(id))
    node.pause()
    node.restart({ state: 'none' })
    assert.ok(!node.id.equals(id))
  })
})

test('a node that was started and ended before its time stays as it is', async () => {
  const network = new SimNetwork({ seed: 3 })
  const node = network.addNode({ startAfterMs: 1000 })
  node.restart()
  node.crash()
  await network.run(2000)
  assert.equal(node.isUp, false)
})

test('a closed node is no part of the network any more', async () => {
  const { network, nodes } = await settled()
  await nodes[4]!.close()
  assert.equal(network.nodes.length, nodes.length - 1)
  assert.equal(network.nodeAt(nodes[4]!.address), undefined)
  nodes[4]!.restart()
  assert.equal(nodes[4]!.isUp, false)
})

describe('the clock of a node', () => {
  test('drifts', async () => {
    const network = new SimNetwork({ seed: 1 })
    const fast = network.addNode({ clock: { driftPpm: 100_000 } })
    await network.run(10_000)
    assert.equal(fast.clockMs, 11_000)
    fast.setClock({ driftPpm: 0 })
    await network.run(10_000)
    assert.equal(fast.clockMs, 21_000)
  })

  test('jumps ahead, and what was due is done', async () => {
    const { network, nodes } = await settled()
    await network.until(nodes[4]!.put('key', 'value'))
    nodes[4]!.jumpClock(11 * 60_000)
    assert.equal(nodes[4]!.getLocal('key').length, 0)
    assert.throws(() => nodes[4]!.jumpClock(-1), RangeError)
    await network.run(60_000)
    assert.ok(nodes[4]!.isConnected)
  })

  test('is known to an engine that was started again, and when it is right again', async () => {
    const { network, nodes } = await settled()
    const [restarted, corrected] = [nodes[4]!, nodes[5]!]
    restarted.stop()
    restarted.restart()
    corrected.setClock({ wallErrorMs: -3_600_000 })
    corrected.setClock({ wallErrorMs: 0 })
    await network.run(5000)
    const created = new Date(network.wallNow.getTime() - 9 * 60_000)
    await network.until(restarted.put('key', 'value', { created }))
    await network.until(corrected.put('key', 'other', { created }))
    assert.equal((await network.until(nodes[8]!.getAll('key'))).length, 2)
    // Ten minutes after they came into being they are gone.
    await network.run(70_000)
    assert.equal((await network.until(nodes[8]!.getAll('key'))).length, 0)
  })

  test('that is wrong by an hour does no harm', async () => {
    const { network, nodes } = await settled()
    nodes[4]!.setClock({ wallErrorMs: 3_600_000 })
    nodes[5]!.setClock({ wallErrorMs: -3_600_000 })
    await network.until(nodes[4]!.put('ahead', 'value'))
    await network.until(nodes[5]!.put('behind', 'value'))
    await network.until(nodes[6]!.put('on time', 'value'))
    assert.equal((await network.until(nodes[8]!.getAll('behind'))).length, 1)
    assert.equal((await network.until(nodes[7]!.getAll('ahead'))).length, 1)
    assert.equal((await network.until(nodes[5]!.getAll('on time'))).length, 1)
  })
})

test('churn replaces nodes at the rate that it was told', async () => {
  const { network, nodes } = await settled()
  const churn = network.churn({ medianSessionMs: 60_000, medianDownMs: 5000 })
  await network.run(10 * 60_000)
  // 19 nodes, ten minutes, a session and a pause take some 94 s in the mean: 121 crashes.
  assert.ok(churn.crashes > 80 && churn.crashes < 165, `${churn.crashes} crashes`)
  churn.stop()
  await network.run(120_000)
  const { crashes } = churn
  await network.run(120_000)
  assert.equal(churn.crashes, crashes)
  assert.ok(nodes.every(({ isConnected }) => isConnected))
})

test('churn takes in nodes that come later, or were away for another reason', async () => {
  const { network, nodes } = await settled()
  const later = network.addNodes(10, { startAfterMs: 10 * 60_000 })
  nodes[4]!.pause()
  const churn = network.churn({ medianSessionMs: 30_000, nodes: [...later, nodes[4]!] })
  await network.run(10 * 60_000)
  assert.equal(churn.crashes, 0)
  nodes[4]!.resume()
  const ids = [...later, nodes[4]!].map(({ id }) => id)
  await network.run(10 * 60_000)
  const stayed = [...later, nodes[4]!].filter(({ id }, i) => id.equals(ids[i]!))
  assert.deepEqual(stayed, [])
  assert.throws(() => network.churn({ medianSessionMs: 0 }), /medianSessionMs must be a number/)
})
