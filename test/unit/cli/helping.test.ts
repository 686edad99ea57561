// SPDX-License-Identifier: MIT
// What the prompt of dhtnode says to who does not know its commands.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './console.ts'

test('suggests the command that was probably meant', async () => {
  const { out } = await run({}, 'lisen mykey', 'hepl', 'pyt mykey a')
  for (const name of ['listen', 'help', 'put']) {
    assert.ok(out.includes(`. Did you mean ${name}?\n`), name)
  }
})

test('helps, ignores empty lines, and says what it does not know', async () => {
  const { out, errors } = await run({}, '', '   ', 'zzz', 'G mykey', 'h')
  const hint = " (type 'h' or 'help' for a list of possible commands)\n"
  assert.ok(
    out.startsWith(`Unknown command: zzz\n${hint}Unknown command: G. Did you mean g?\n${hint}`),
  )
  for (const name of 'g q p pp cpp s e l cl a b cc ll lr ls ld la log h x'.split(' ')) {
    assert.match(out, new RegExp(`^  ${name}[ ,]`, 'm'))
  }
  assert.match(out, /^Longer names: put \(p\)/m)
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line)
  assert.equal(errors, '')
})

test('helps with one command, by any of its names', async () => {
  const { out, errors, session } = await run({}, 'h cpp', 'help cancel-put', 'h pyt')
  const one = '  cpp KEY VALUE-ID\n  stop renewing a value\n  Or: cancel-put\n'
  assert.equal(out, one + one)
  assert.equal(errors, 'Unknown command: pyt. Did you mean put?\n')
  assert.equal(session.status, 2)
})
