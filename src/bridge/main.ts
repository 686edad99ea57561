// SPDX-License-Identifier: MIT
// The process behind the Python package: speaks the protocol on standard input and output, and ends
// when the input does, since then the Python program is gone.

import './runtime.ts'
import { Socket } from 'node:net'
import { CRYPTO_METHODS } from './crypto-methods.ts'
import { FrameReader, frameHeader } from './frames.ts'
import { NodeMethods } from './node-methods.ts'
import { Session } from './session.ts'

/** For the state files and sockets of nodes; whatever takes longer is given up. */
const CLOSE_TIMEOUT_MS = 2000
const STDOUT = 1

const nodes = new NodeMethods()
// Unlike process.stdout this never blocks: a reader that is slow must not stop the nodes.
const output = new Socket({ fd: STDOUT, readable: false, writable: true })
const session = new Session({
  methods: { ...CRYPTO_METHODS, ...nodes.methods },
  version: process.version,
  send: (contents) => {
    output.cork()
    output.write(frameHeader(contents.length))
    output.write(contents)
    process.nextTick(() => output.uncork())
  },
})
const reader = new FrameReader((contents) => session.receive(contents))

// The terminal sends it to Python, too, which decides what to do.
process.on('SIGINT', () => {})
output.on('error', () => void end(0))
process.stdin.on('data', (chunk) => {
  try {
    reader.push(chunk)
  } catch (error) {
    process.stderr.write(`opendht: ${error}\n`)
    void end(1)
  }
})
process.stdin.on('error', () => void end(0))
process.stdin.on('end', () => void end(0))

let isEnding = false

async function end(status: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  setTimeout(() => process.exit(status), CLOSE_TIMEOUT_MS).unref()
  session.close()
  await nodes.close().catch(() => {})
  process.exit(status)
}
