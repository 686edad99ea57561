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
  const { finished, ...rest } = task.stats
  assert.equal(finished, MANY)
  const expected = { isRunning: true, pending: 0, started: 1, failed: 0, refused: 0, here: 0 }
  assert.deepEqual(rest, expected)
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

/** Ends the thread that works on zero. */
async function fragile(value: number): Promise<{ next: number; isMain: boolean }> {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (!isMainThread && value === 0) process.exit(1)
  return { next: value + 1, isMain: isMainThread }
}

test('when the thread breaks off, its work is done here, and another takes over', async () => {
  const task = new WorkerTask(fragile, { maxPending: 10 })
  const outputs = await Promise.all([task.run(0), task.run(1), task.run(2)])
  assert.deepEqual(
    outputs.map(({ next }) => next),
    [1, 2, 3],
  )
  const { isRunning, pending, started, failed, here } = task.stats
  assert.deepEqual([isRunning, pending, started, failed, here], [false, 0, 1, 1, 3])
  assert.deepEqual(await task.run(3), { next: 4, isMain: false })
  assert.equal(task.stats.started, 2)
})

test('what a broken thread leaves does not hold up later inputs', async () => {
  const task = new WorkerTask(fragile, { maxPending: 5 })
  const left = [0, 1, 2].map((value) => task.run(value))
  await until(() => task.stats.failed > 0)
  assert.deepEqual([task.stats.pending, task.stats.here], [3, 0])
  const later = [task.run(4), task.run(5)]
  await assert.rejects(task.run(6), { code: 'ERR_CRYPTO_BUSY' })
  assert.ok((await Promise.all(left)).every(({ isMain }) => isMain))
  assert.ok((await Promise.all(later)).every(({ isMain }) => !isMain))
  assert.equal(task.stats.pending, 0)
})

test('after some broken threads there is no other one', async () => {
  const task = new WorkerTask(fragile, { maxPending: 1 })
  for (const failed of [1, 2, 3, 4]) {
    assert.equal((await task.run(0)).isMain, true)
    assert.equal(task.stats.failed, failed)
  }
  assert.deepEqual(await task.run(3), { next: 4, isMain: true })
  assert.deepEqual([task.stats.started, task.stats.failed, task.stats.here], [4, 4, 5])
})

test('work that is done here leaves turns to others, and fails alone', async () => {
  let turn = 0
  const turns: number[] = []
  const task = new WorkerTask(
    async (value: number) => {
      const { isMainThread } = process.getBuiltinModule('node:worker_threads')
      if (!isMainThread) process.exit(1)
      turns.push(turn)
      if (value < 0) throw new RangeError('negative')
      return value
    },
    { maxPending: 10 },
  )
  let isOver = false
  const tick = () => {
    turn++
    if (!isOver) setImmediate(tick)
  }
  tick()
  for (const value of [1, 2, 3, 4, 5, 6]) {
    turns.length = 0
    const bad = assert.rejects(task.run(-1), RangeError)
    const good = [value, value].map((it) => task.run(it))
    assert.deepEqual(turns, [])
    assert.deepEqual(await Promise.all(good), [value, value])
    await bad
    assert.equal(new Set(turns).size, 3)
  }
  isOver = true
})
