// SPDX-License-Identifier: MIT
// Virtual time and application code: who waits for what, in which order, and how waiting fails.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { SimError, SimNetwork } from '../../../src/sim/entry.ts'

function small(options: { seed?: number; command?: string } = {}): SimNetwork {
  const network = new SimNetwork({ seed: 1, ...options })
  network.addNodes(10)
  return network
}

describe('virtual time', () => {
  test('passes in run and until only', async () => {
    const network = small()
    assert.equal(network.now, 0)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(network.now, 0)
    await network.run(1234)
    assert.equal(network.now, 1234)
    network.runSync(766)
    assert.equal(network.now, 2000)
    assert.equal(network.wallNow.getTime(), 1_700_000_000_000 + 2000)
  })

  test('waits for application code, however many promises that takes', async () => {
    const network = small()
    const times: number[] = []
    const task = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await network.sleep(100)
        for (let j = 0; j < 50; j++) await Promise.resolve()
        times.push(network.now)
      }
    }
    const done = task()
    await network.run(350)
    assert.deepEqual(times, [100, 200, 300])
    await network.until(done)
    assert.deepEqual(times, [100, 200, 300, 400, 500])
  })

  test('is shared by several who let it pass', async () => {
    const network = small()
    const log: string[] = []
    const wait = async (name: string, ms: number): Promise<void> => {
      await network.run(ms)
      log.push(`${name} ${network.now}`)
      await network.run(ms)
      log.push(`${name} ${network.now}`)
    }
    await Promise.all([wait('a', 30), wait('b', 20)])
    assert.deepEqual(log, ['b 20', 'a 30', 'b 40', 'a 60'])
  })

  test('calls what is scheduled in order, unless it is prevented', async () => {
    const network = small()
    const log: number[] = []
    network.schedule(20, () => log.push(2))
    network.schedule(10, () => log.push(1))
    network.schedule(20, () => log.push(3))
    network.schedule(15, () => log.push(9))()
    await network.run(50)
    assert.deepEqual(log, [1, 2, 3])
  })

  test('ends operations of nodes in virtual time', async () => {
    await using network = small()
    await network.run(10_000)
    const startedAt = network.now
    const { nodes } = await network.until(network.nodes[3]!.put('key', 'value'))
    assert.equal(nodes.length, 8)
    assert.ok(network.now > startedAt && network.now < startedAt + 2000)
    const values: string[] = []
    const reading = (async () => {
      for await (const { value } of network.nodes[5]!.listen('key')) {
        values.push(new TextDecoder().decode(value.data))
        if (values.length === 2) return
      }
    })()
    await network.run(1000)
    await network.until(network.nodes[7]!.put('key', 'more'))
    await network.until(reading)
    assert.deepEqual(values, ['value', 'more'])
  })

  test('lets until return values, throw errors and watch conditions', async () => {
    const network = small()
    assert.equal(await network.until(Promise.resolve(7)), 7)
    await assert.rejects(network.until(Promise.reject(new Error('own'))), /^Error: own$/)
    await network.until(() => network.now >= 500)
    assert.equal(network.now, 500)
  })

  test('says what it waited for in vain, with the seed and the command', async () => {
    const network = small({ seed: 77, command: 'npm test' })
    const never = new Promise(() => {})
    const error: unknown = await network
      .until(never, { timeoutMs: 3000, what: 'a wonder' })
      .catch((reason: unknown) => reason)
    assert.ok(error instanceof SimError)
    assert.equal(error.seed, 77)
    assert.equal(network.now, 3000)
    assert.match(error.message, /^Waited 3 s in vain for a wonder\n {2}seed 77, 3.000 s of virtual/)
    assert.match(error.message, /replay: OPENDHT_SIM_SEED=77 npm test$/)
  })

  test('aborts what took too long', async () => {
    await using network = small()
    await network.run(10_000)
    network.setDefaultLink({ loss: 1 })
    const get = network.nodes[3]!.getAll('key', { signal: network.abortAfter(200) })
    await assert.rejects(network.until(get), { name: 'TimeoutError' })
    assert.equal(network.now, 10_200)
  })

  test('stands still while a promise of the real world is held', async () => {
    const network = small()
    const log: string[] = []
    const task = (async () => {
      await network.sleep(100)
      await network.hold(readFile(import.meta.filename))
      log.push(`read at ${network.now}`)
    })()
    await network.run(5000)
    await task
    assert.deepEqual(log, ['read at 100'])
  })

  test('ends with an error that was thrown in a scheduled call', async () => {
    const network = small()
    network.schedule(10, () => {
      throw new TypeError('planted')
    })
    await assert.rejects(network.run(100), (error: unknown) => {
      assert.ok(error instanceof SimError && error.cause instanceof TypeError)
      return /^planted\n {2}seed 1, 0.010 s/.test(error.message)
    })
  })
})
