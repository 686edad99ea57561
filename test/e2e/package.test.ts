// SPDX-License-Identifier: MIT
// The built package, as a user gets it: entry points load and work on the Node.js that runs the
// tests, and on the oldest supported one when `OLDEST_NODE` names it or the system has it.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const ROOT = join(dirname(new URL(import.meta.url).pathname), '..', '..')
const MINIMUM = [20, 19]
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

/** Node.js binaries to try, by name; the system's own only when it is new enough. */
function runtimes(): [name: string, path: string][] {
  const found: [string, string][] = [['the Node.js of the tests', process.execPath]]
  const other = process.env.OLDEST_NODE ?? '/usr/bin/node'
  if (!existsSync(other)) return found
  const version = spawnSync(other, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  const isSupported = major > MINIMUM[0]! || (major === MINIMUM[0] && minor >= MINIMUM[1]!)
  return isSupported ? [...found, [version, other]] : found
}

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
