// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// The built package where there is nothing of POSIX: test/support/without-posix.mjs takes it away
// and says what was used of it. This is not Windows, but what fails here fails there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startProgram } from '../support/output-of.ts'
import { runtimes } from '../support/runtimes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const WITHOUT = ['--import', pathToFileURL(join(ROOT, 'test/support/without-posix.mjs')).href]
const run = promisify(execFile)

const LIBRARY = `
import { DhtRunner, Identity } from 'opendht'
import { PeerDiscovery } from 'opendht/discovery'
import { ProxyServer } from 'opendht/proxy/server'
import { ProxyClient } from 'opendht/proxy/client'
import { simulate } from 'opendht/sim'

const made = await Identity.generate({ name: 'me', bits: 2048 })
await made.save('me', { password: 'secret' })
const identity = await Identity.load('me', { password: 'secret' })
const options = { port: 0, bind4: '127.0.0.1', bind6: false, network: 4711 }
const first = await DhtRunner.start({ ...options, statePath: 'first.state' })
const bootstrap = ['127.0.0.1:' + first.port4]
const second = await DhtRunner.start({ ...options, identity, bootstrap })
await second.putSigned('key', 'value')
const proxy = await ProxyServer.start(second, {
  port: 0,
  address: '127.0.0.1',
  dashboard: true,
})
const client = new ProxyClient({ proxies: proxy.url })
await client.put('key', 'through a proxy')
await first.put('large', new Uint8Array(50_000))
const found = await client.getAll('key')
const large = await second.getFirst('large')
const page = await (await fetch(proxy.dashboardUrl)).text()
const discovery = await PeerDiscovery.start({ ...options, port: 30_000 + (process.pid % 10_000) })
discovery.publish('lamp', { watts: 7 })
await discovery.close()
await simulate({ seed: 1 }, async (sim) => {
  const nodes = sim.addNodes(10, { overMs: 100 })
  await sim.run(5000)
  await sim.until(nodes[3].put('key', 'value'))
})
await client.close()
await proxy.close()
await second.close()
await first.close()
console.log(found.length, large.data.length, page.startsWith('<!doctype html>'))
`

async function folderFor(t: { after(end: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'opendht-portability-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

for (const [name, node] of runtimes()) {
  test(`the library uses nothing of POSIX on ${name}`, async (t) => {
    const cwd = await folderFor(t)
    const program = LIBRARY.replace(/from 'opendht([^']*)'/g, (_, path) => {
      return `from '${pathToFileURL(join(ROOT, 'dist', ENTRIES[path]!)).href}'`
    })
    const args = [...WITHOUT, '--input-type=module', '-e', program]
    const { stdout, stderr } = await run(node, args, { cwd })
    assert.doesNotMatch(stderr, /used:/)
    assert.equal(stdout, '2 50000 true\n')
    assert.ok((await readFile(join(cwd, 'first.state'))).length > 100)
  })

  test(`the tools use nothing of POSIX on ${name}`, async (t) => {
    const cwd = await folderFor(t)
    const script = (tool: string, flags: readonly string[], input: string) => {
      const path = join(ROOT, 'dist', 'cli', `${tool}.js`)
      const running = run(node, [...WITHOUT, path, ...flags], { cwd })
      running.child.stdin!.end(input)
      return running
    }
    const flags = ['--demo', '4', '-f', 'state', '-l', 'log', '-i', '--save-identity', 'me']
    const session = await script('dhtnode', flags, 's key text\nll\nh\n')
    assert.match(session.stdout, /Put signed: success/)
    assert.doesNotMatch(session.stderr, /used:/)
    const game = await script('pingpong', ['--rounds', '2', '-n', '3'], '')
    assert.match(game.stdout, /2 ping-pong done/)
    assert.doesNotMatch(game.stderr, /used:/)
  })
}

test('the state is saved when the window is closed, which is a signal there', async (t) => {
  const cwd = await folderFor(t)
  const path = join(ROOT, 'dist/cli/dhtnode.js')
  const flags = ['-s', '-p', '0', '-f', 'state', '--bind4', '127.0.0.1']
  const node = startProgram(t, [process.execPath, ...WITHOUT, path, ...flags], { cwd })
  await node.until(/running on port/)
  node.kill('SIGHUP')
  assert.equal(await node.end(), 0)
  assert.ok((await readFile(join(cwd, 'state'))).length > 0)
})

test('dhtnode says that it cannot run in the background there', async () => {
  const path = join(ROOT, 'dist/cli/dhtnode.js')
  await assert.rejects(run(process.execPath, [...WITHOUT, path, '-d']), {
    code: 2,
    stderr: /--daemonize needs a POSIX system/,
  })
})

test('what is taken away is told when it is used', async () => {
  const program = `require('node:fs').readFileSync('/proc/self/stat')`
  const failing = run(process.execPath, [...WITHOUT, '-e', program])
  await assert.rejects(failing, /fs\.readFileSync\('\/proc\/self\/stat'\) does not exist here/)
})

const ENTRIES: Readonly<Record<string, string>> = {
  '': 'nodejs/entry.js',
  '/discovery': 'nodejs/discovery/entry.js',
  '/proxy/server': 'proxy/server/entry.js',
  '/proxy/client': 'proxy/client/entry.js',
  '/sim': 'sim/entry.js',
}
