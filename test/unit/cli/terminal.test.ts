// SPDX-License-Identifier: MIT
// The REPL at a keyboard: prompt, lines that come while the user types, keys that end it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../../src/core/util/bytes.ts'
import { Value } from '../../../src/core/value/value.ts'
import { Console } from './console.ts'

const CLEAR = '\x1b[0J'
const value = new Value({ id: 5n, data: utf8('hello'), userType: 'text/plain' })

/** What a screen shows in the end, of output that only clears what is below and writes. */
function visible(output: string): string {
  return output.slice(output.lastIndexOf(CLEAR) + CLEAR.length)
}

test('a prompt is shown, also after a command', async () => {
  const console = new Console({ isTerminal: true })
  await console.until(/>> /)
  console.stdin.write('zzz\r')
  await console.until(/Unknown command: zzz\n[\s\S]*>> /)
  console.session.end()
  await console.done
})

test('what comes goes above the prompt, and what was typed so far stays', async () => {
  const console = new Console({ isTerminal: true })
  await console.until(/>> /)
  console.stdin.write('l mykey\r')
  await console.until(/token: 1\n[\s\S]*>> /)
  console.stdin.write('p mykey two wo')
  await console.until(/two wo/)
  console.node.change(value, false)
  await console.until(/"hello"\]\n[\s\S]*>> p mykey two wo/)
  assert.match(visible(console.out), /^>> p mykey two wo/)
  console.stdin.write('rds\r')
  await console.until(/Put: success/)
  assert.equal(Buffer.from(console.node.values[0]!.data).toString(), 'two words')
  console.session.end()
  await console.done
})

test('an arrow key brings the last command back', async () => {
  const console = new Console({ isTerminal: true })
  console.stdin.write('cc\r')
  await console.until(/cc[\s\S]*>> /)
  console.stdin.write('\x1b[A\r')
  console.stdin.write('x\r')
  await console.done
  assert.deepEqual(console.node.calls, ['connectivityChanged', 'connectivityChanged'])
})

test('Ctrl-C and Ctrl-D end the session, without waiting for what runs', async () => {
  for (const key of ['\x03', '\x04']) {
    const console = new Console({ isTerminal: true })
    console.node.gate = new Promise(() => {})
    console.stdin.write('p mykey hello\r')
    await console.until(/Using h[\s\S]*>> /)
    console.stdin.write(key)
    await console.done
    assert.equal(console.session.running, 1)
  }
})
