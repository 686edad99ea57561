// SPDX-License-Identifier: MIT
// The built package, as a user gets it: entry points load and work on the Node.js that runs the
// tests, and on the oldest supported one when `OLDEST_NODE` names it or the system has it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { runtimes } from '../support/runtimes.ts'

const ROOT = join(dirname(new URL(import.meta.url).pathname), '..', '..')
const run = promisify(execFile)

/** Two nodes of the built library on loopback: one puts, the other gets. */
const PROGRAM = `
import { DhtRunner } from 'opendht'
import { Dht } from 'opendht/core'
const options = { port: 0, bind4: '127.0.0.1', bind6: false, network: 4711 }
const first = await DhtRunner.start(options)
const second = await DhtRunner.start({ ...options, bootstrap: ['127.0.0.1:' + first.port4] })
await second.put('key', 'value')
const [value] = await first.getAll('key')
console.log(typeof Dht, new TextDecoder().decode(value.data))
await second.close()
await first.close()
`

for (const [name, path] of runtimes()) {
  test(`the built library puts and gets on ${name}`, async () => {
    const { stdout } = await run(path, ['--input-type=module', '--eval', PROGRAM], { cwd: ROOT })
    assert.equal(stdout, 'function value\n')
  })

  test(`the built dhtnode starts on ${name}`, async () => {
    const { stdout } = await run(path, [join(ROOT, 'dist', 'cli', 'dhtnode.js'), '--version'])
    assert.match(stdout, /^OpenDHT version \d+\.\d+\.\d+\n/)
  })
}
