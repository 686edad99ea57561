// SPDX-License-Identifier: MIT
// The last lines of a log, as the dashboard shows them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log, LogLevel } from '../../../../src/core/ports.ts'
import { LogRing } from '../../../../src/proxy/server/inspect/log-ring.ts'

class ListLog implements Log {
  readonly lines: string[] = []
  enabled(level: LogLevel): boolean {
    return level === 'error'
  }
  write(level: LogLevel, text: string): void {
    this.lines.push(`${level} ${text}`)
  }
}

test('warnings are kept always, details only while somebody watches', () => {
  let now = 1000
  const ring = new LogRing(undefined, () => now++)
  assert.deepEqual([ring.enabled('debug'), ring.enabled('warning')], [false, true])
  ring.write('debug', 'nobody looks')
  ring.write('warning', 'careful')
  const unwatch = ring.watch()
  assert.equal(ring.enabled('debug'), true)
  ring.write('debug', 'a detail')
  unwatch()
  unwatch()
  assert.equal(ring.enabled('debug'), false)
  assert.deepEqual(ring.since(0), [
    { number: 0, at: 1000, level: 'warning', text: 'careful' },
    { number: 1, at: 1001, level: 'debug', text: 'a detail' },
  ])
  assert.deepEqual(
    ring.since(1).map(({ text }) => text),
    ['a detail'],
  )
  assert.deepEqual(ring.since(ring.count), [])
})

test('the log behind it gets what it wants, whoever watches', () => {
  const inner = new ListLog()
  const ring = new LogRing(inner)
  const unwatch = ring.watch()
  for (const level of ['debug', 'warning', 'error'] as const) ring.write(level, level)
  unwatch()
  assert.deepEqual(inner.lines, ['error error'])
})

test('old lines make room, long ones are cut', () => {
  const ring = new LogRing()
  for (let i = 0; i < 2500; i++) ring.write('warning', `line ${i}`)
  const lines = ring.since(0)
  assert.equal(lines.length, 1000)
  assert.deepEqual([lines[0]!.number, lines.at(-1)!.text], [1500, 'line 2499'])
  ring.write('error', 'x'.repeat(10_000))
  assert.equal(ring.since(2500)[0]!.text.length, 2001)
})
