// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader, frameHeader } from '../../../src/bridge/frames.ts'
import { MAX_FRAME_BYTES } from '../../../src/bridge/protocol.ts'

function frames(...contents: string[]): Buffer {
  return Buffer.concat(contents.flatMap((text) => [frameHeader(text.length), Buffer.from(text)]))
}

test('frames come out whole however the bytes are cut', () => {
  const bytes = frames('first', '', 'second one', 'x'.repeat(300))
  for (let size = 1; size <= bytes.length; size++) {
    const found: string[] = []
    const reader = new FrameReader((contents) => found.push(Buffer.from(contents).toString()))
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
    assert.deepEqual(found, ['first', '', 'second one', 'x'.repeat(300)])
  }
})

test('a frame of any length that is allowed is read, and no longer one', () => {
  const reader = new FrameReader(() => {})
  reader.push(Buffer.from(frameHeader(MAX_FRAME_BYTES)))
  const other = new FrameReader(() => {})
  assert.throws(() => other.push(Buffer.from(frameHeader(MAX_FRAME_BYTES + 1))), RangeError)
})
