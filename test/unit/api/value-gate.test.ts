// SPDX-License-Identifier: MIT
// Values on their way through a gate that takes its time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { GatedValues, type ValueGate } from '../../../src/api/value-gate.ts'
import { MAX_QUEUED_RESULTS } from '../../../src/api/value-queue.ts'
import type { Value } from '../../../src/core/value/value.ts'
import { text, textOf } from '../../support/dht-kit.ts'

/** Lets values pass whose text says `now`; those of `later` when they are released. */
class SlowGate implements ValueGate {
  readonly release: (() => void)[] = []

  open(value: Value): Value | undefined | Promise<Value | undefined> {
    const word = textOf(value)
    if (word.startsWith('now')) return value
    if (word.startsWith('never')) return undefined
    return new Promise((resolve) => this.release.push(() => resolve(value)))
  }
}

function setUp() {
  const gate = new SlowGate()
  const seen: string[] = []
  const errors: unknown[] = []
  const gated = new GatedValues(gate, {
    deliver: (values, expired) => {
      seen.push(...values.map((value) => (expired ? '-' : '+') + textOf(value)))
    },
    fail: (error) => errors.push(error),
  })
  const push = (words: string[], expired = false): void =>
    gated.push(
      words.map((word, i) => text(word, BigInt(i + 1))),
      expired,
    )
  return { gate, gated, seen, errors, push }
}

/** Opens what the gate holds, and lets it arrive. */
async function releaseAll(gate: SlowGate): Promise<void> {
  while (gate.release.length > 0) {
    for (const release of gate.release.splice(0)) release()
    await turn()
  }
}

test('what passes at once is delivered at once, what does not pass never', () => {
  const { seen, push, gated } = setUp()
  push(['now 1', 'never', 'now 2'])
  assert.deepEqual(seen, ['+now 1', '+now 2'])
  let isEmpty = false
  gated.whenEmpty(() => (isEmpty = true))
  assert.ok(isEmpty)
})

test('what comes behind a slow value waits for it, so that changes stay in order', async () => {
  const { gate, gated, seen, push } = setUp()
  push(['now 1', 'later', 'now 2'])
  push(['now 3', 'later too', 'never'], true)
  assert.deepEqual(seen, ['+now 1'])
  let isEmpty = false
  gated.whenEmpty(() => (isEmpty = true))
  await turn()
  assert.ok(!isEmpty)
  await releaseAll(gate)
  assert.deepEqual(seen, ['+now 1', '+later', '+now 2', '-now 3', '-later too'])
  assert.ok(isEmpty)
  push(['now 4'])
  assert.equal(seen.at(-1), '+now 4')
})

test('nothing is delivered after the reader left', async () => {
  const { gate, gated, seen, push } = setUp()
  push(['later', 'now'])
  gated.stop()
  push(['later'])
  await releaseAll(gate)
  assert.deepEqual(seen, [])
})

test('a reader for whom too much waits hears an error', () => {
  const { seen, errors, push } = setUp()
  push(['later'])
  push(Array.from({ length: MAX_QUEUED_RESULTS + 1 }, () => 'now'))
  assert.deepEqual(
    errors.map((error) => (error as { code: string }).code),
    ['ERR_DHT_LIMIT'],
  )
  assert.deepEqual(seen, [])
})
