// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { deadline } from '../../../src/cli/deadline.ts'
import { Progress } from '../../../src/cli/progress.ts'

function written(isTTY: boolean, use: (progress: Progress) => void): string {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
  use(new Progress(stream))
  return stream.read() ?? ''
}

test('progress is one line on a terminal that goes away, and not every step', () => {
  const ERASE = '\x1b[1G\x1b[2K'
  const output = written(true, (progress) => {
    progress.show('1 of 3')
    progress.show('2 of 3')
    progress.hide()
    progress.hide()
  })
  assert.equal(output, `${ERASE}1 of 3${ERASE}`)
})

test('progress is nothing elsewhere', () => {
  const output = written(false, (progress) => {
    progress.show('1 of 3')
    progress.hide()
  })
  assert.equal(output, '')
})

test('a deadline fires after its time, or with what it belongs to', async () => {
  const stop = new AbortController()
  const soon = deadline(stop.signal, 1)
  await once(soon.signal, 'abort')
  const late = deadline(stop.signal, 60_000)
  const cleared = deadline(stop.signal, 60_000)
  cleared.clear()
  assert.equal(late.signal.aborted, false)
  stop.abort('over')
  assert.equal(late.signal.reason, 'over')
  assert.equal(cleared.signal.aborted, false)
  late.clear()
  const born = deadline(stop.signal, 60_000)
  assert.equal(born.signal.aborted, true)
  born.clear()
})
