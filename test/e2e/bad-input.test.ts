// SPDX-License-Identifier: MIT
// test-timeout-s: 180
// The tools besides dhtnode, which has its own tests: unusable files, ports in use, names that do
// not resolve, readers that leave, and signals at any moment.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startChild } from '../support/child.ts'
import { runProgram, TOOL, temporaryFolder } from '../support/cli-kit.ts'

const LOOPBACK = ['--bind4', '127.0.0.1']

/** A way to run each tool that goes on for a while, or for as long as it is left alone. */
const LONG: Readonly<Record<string, readonly string[]>> = {
  dhtchat: LOOPBACK,
  dhtscanner: [...LOOPBACK, '-b', '127.0.0.1:1'],
  dhtcluster: [...LOOPBACK, '-n', '2', '-p', '0'],
  perftest: ['--sizes', '2'],
  pingpong: [],
}

test('what cannot be used is said in one line, with status 1', async (t) => {
  const folder = temporaryFolder(t)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const busy = String(socket.address().port)
  const nowhere = join(folder, 'nowhere', 'file')
  const failures: readonly [message: RegExp, tool: string, ...args: string[]][] = [
    [/EADDRINUSE/, 'dhtchat', ...LOOPBACK, '-p', busy],
    [/EADDRINUSE/, 'dhtscanner', ...LOOPBACK, '-p', busy, '-b', 'localhost'],
    [/EADDRINUSE/, 'dhtcluster', ...LOOPBACK, '-n', '1', '-p', busy],
    [/EADDRNOTAVAIL/, 'dhtchat', '--bind4', '192.0.2.1'],
    [/Cannot read the state file/, 'dhtchat', ...LOOPBACK, '-f', folder],
    [/Cannot use .* as a certificate/, 'dhtchat', '--certificate', nowhere, '--privkey', nowhere],
    [/Cannot write the log/, 'dhtscanner', ...LOOPBACK, '-b', 'localhost', '-l', nowhere],
    [/Cannot write the log/, 'dhtcluster', ...LOOPBACK, '-p', '0', '-l', nowhere],
    [/Cannot get anything from no\.\.host/, 'durl', 'http://no..host/'],
  ]
  for (const [message, tool, ...args] of failures) {
    const { status, stderr } = await runProgram([...TOOL(tool), ...args])
    assert.equal(status, 1, `${tool} ${args.join(' ')}: ${stderr}`)
    assert.match(stderr, /^Error: [^\n]+\n$/)
    assert.match(stderr, message)
  }
})

test('a name that does not resolve ends a scan with status 3', async () => {
  const { status, stderr } = await runProgram([
    ...TOOL('dhtscanner'),
    ...[...LOOPBACK, '-b', 'no..host'],
  ])
  assert.equal(status, 3)
  assert.match(stderr, /^Cannot resolve host "no\.\.host": \w+\n/)
  assert.match(stderr, /\nNobody answered at no\.\.host\n$/)
})

for (const [tool, args] of Object.entries(LONG)) {
  describe(tool, () => {
    test('ends in order with a signal at any moment', async () => {
      const ends = [0, 200, 400, 800, 1600].map(async (delayMs) => {
        const child = startChild([...TOOL(tool), ...args])
        let stderr = ''
        child.stdout.resume()
        child.stderr.on('data', (text) => {
          stderr += text
        })
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        child.kill(delayMs % 400 === 0 ? 'SIGTERM' : 'SIGINT')
        const [status, signal] = await once(child, 'close')
        // Before it can take signals there is nothing to save. 3: incomplete.
        const isInOrder = status === 0 || status === 3 || signal !== null
        assert.ok(isInOrder, `${status} after ${delayMs} ms: ${stderr}`)
        assert.ok(!/\n {4}at /.test(stderr), stderr)
      })
      await Promise.all(ends)
    })

    test('ends when nobody reads what it prints', async () => {
      const child = startChild([...TOOL(tool), ...args])
      let stderr = ''
      child.stderr.on('data', (text) => {
        stderr += text
      })
      child.stdout.destroy()
      child.stdin.on('error', () => {})
      child.stdin.end('h\nll\nc room\n')
      const [status] = await once(child, 'close')
      assert.ok([0, 2, 3].includes(status), `${status}: ${stderr}`)
      assert.ok(!/\n {4}at /.test(stderr), stderr)
    })
  })
}
