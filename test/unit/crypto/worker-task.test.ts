// SPDX-License-Identifier: MIT
// Computations in a thread of their own: results, errors, limits, and the life of the thread.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerTask } from '../../../src/crypto/worker-task.ts'

const MANY = 1000

/** Where the task ran, and twice the input. */
async function double(value: number): Promise<{ twice: number; isMain: boolean }> {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (value < 0) throw new RangeError(`value must not be negative: got ${value}`)
  return { twice: 2 * value, isMain: isMainThread }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

test('an idle thread does not keep the process alive', async () => {
  const held = () => process.getActiveResourcesInfo().filter((name) => /Worker|Port/.test(name))
  const before = held().length
  const task = new WorkerTask(double, { maxPending: 1 })
  const running = task.run(1)
  assert.ok(held().length > before)
  await running
  assert.equal(task.stats.isRunning, true)
  assert.equal(held().length, before)
})

test('results come back to those who asked, from one thread', async () => {
  const task = new WorkerTask(double, { maxPending: MANY })
  assert.equal(task.stats.isRunning, false)
  const inputs = Array.from({ length: MANY }, (_, i) => i)
  const outputs = await Promise.all(inputs.map((input) => task.run(input)))
  assert.deepEqual(
    outputs.map(({ twice }) => twice),
    inputs.map((input) => 2 * input),
  )
  assert.ok(outputs.every(({ isMain }) => !isMain))
  const expected = { isRunning: true, pending: 0, started: 1, finished: MANY, refused: 0, here: 0 }
  assert.deepEqual(task.stats, expected)
})

test('errors come back, too, and others are not affected', async () => {
  const task = new WorkerTask(double, { maxPending: 2 })
  const [bad, good] = [task.run(-1), task.run(1)]
  await assert.rejects(bad, { name: 'RangeError', message: 'value must not be negative: got -1' })
  assert.equal((await good).twice, 2)
})

test('inputs beyond the limit are refused and counted, and later ones are not', async () => {
  const task = new WorkerTask(double, { maxPending: 2 })
  const accepted = [task.run(1), task.run(2)]
  await assert.rejects(task.run(3), {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_BUSY',
    message: /2 operations are waiting, expected fewer/,
  })
  await Promise.all(accepted)
  assert.equal(task.stats.refused, 1)
  assert.equal((await task.run(4)).twice, 8)
})

test('the thread ends when it is idle, and starts again', async () => {
  const task = new WorkerTask(double, { maxPending: 1, idleMs: 1 })
  for (const started of [1, 2]) {
    assert.equal((await task.run(5)).isMain, false)
    await until(() => !task.stats.isRunning)
    assert.equal(task.stats.started, started)
  }
})

test('when the thread breaks off, its work is done here', async () => {
  const fragile = async (value: number): Promise<number> => {
    const { isMainThread } = process.getBuiltinModule('node:worker_threads')
    if (!isMainThread && value === 0) process.exit(1)
    return value + 1
  }
  const task = new WorkerTask(fragile, { maxPending: 10 })
  assert.deepEqual(await Promise.all([task.run(0), task.run(1), task.run(2)]), [1, 2, 3])
  assert.equal(await task.run(3), 4)
  assert.deepEqual([task.stats.isRunning, task.stats.pending], [false, 0])
  assert.ok(task.stats.here >= 2)
})
