// SPDX-License-Identifier: MIT
// Lines of a pipe: what ends their reading, whenever it comes.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { type LineReader, readLines } from '../../../src/cli/read-lines.ts'
import { Screen } from '../../../src/cli/screen.ts'

/** Reads `lines`, and waits for more. */
async function read(ended: AbortSignal, lines: string): Promise<string[]> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const heard: string[] = []
  const reader: LineReader = {
    ended,
    prompt: () => '',
    complete: () => [[], ''],
    interrupt: () => {},
    read: async (line) => heard.push(line) < 10,
  }
  stdin.write(lines)
  assert.equal(await readLines(reader, new Screen(stdout, stdout), { stdin, stdout }), false)
  return heard
}

describe('lines of a pipe that stays open', () => {
  it('are read until it is over', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 20)
    assert.deepEqual(await read(stop.signal, 'one\ntwo\n'), ['one', 'two'])
  })

  it('are not read when it is over before it begins', async () => {
    assert.deepEqual(await read(AbortSignal.abort(), ''), [])
  })

  it('are not read when it is over at once', async () => {
    const stop = new AbortController()
    queueMicrotask(() => stop.abort())
    assert.deepEqual(await read(stop.signal, ''), [])
  })

  it('are read until the reader wants no more', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${i}\n`)
    assert.equal((await read(new AbortController().signal, lines.join(''))).length, 10)
  })
})
