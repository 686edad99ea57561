// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// The examples, each in a copy of its folder that gets the package as npm packs it, do what their
// readme says: in a network of their own on loopback, as programs of several people; on the Node.js
// of the tests, or the one that `OLDEST_NODE` names.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { codeBlocks } from '../support/markdown.ts'
import { type Program, startProgram } from '../support/output-of.ts'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'
import { programNode } from '../support/runtimes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const WITHOUT_INSTALL = ['browser-chat']
const names = readdirSync(join(ROOT, 'examples')).filter((it) => !WITHOUT_INSTALL.includes(it))

describe('examples', () => {
  const network = randomNetwork()
  let packed: PackedPackage
  let node: DhtRunner
  let place: string[]

  before(async () => {
    packed = packPackage()
    for (const name of names) {
      const isOwn = (path: string) => !path.includes('node_modules')
      cpSync(join(ROOT, 'examples', name), join(packed.folder, name), {
        recursive: true,
        filter: isOwn,
      })
    }
    const local = { port: 0, bind4: '127.0.0.1', bind6: false, network } as const
    node = await DhtRunner.start(local)
    place = ['--network', `${network}`, '--bootstrap', `127.0.0.1:${node.port4}`]
  })
  after(async () => {
    await node?.close()
    packed?.remove()
  })

  const start = (t: TestContext, path: string, args: readonly string[]): Program =>
    startProgram(t, [programNode(), join(packed.folder, path), ...args], { cwd: packed.folder })

  it('pass the compiler in strict mode', () => {
    const options = { target: 'ESNext', module: 'nodenext', strict: true, noEmit: true }
    const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] }
    const sources = names.map((name) => `${name}/*.js`)
    const settings = {
      compilerOptions: { ...options, ...types, allowJs: true, checkJs: true, skipLibCheck: true },
      include: sources,
    }
    writeFileSync(join(packed.folder, 'tsconfig.json'), JSON.stringify(settings))
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', packed.folder], {
      encoding: 'utf8',
    })
    assert.equal(stdout, '')
  })

  it('have a readme that names every program, and install the package around them', () => {
    for (const name of names) {
      const folder = join(ROOT, 'examples', name)
      const { dependencies, scripts } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      )
      assert.deepEqual(dependencies, { opendht: 'file:../..' })
      const readme = readFileSync(join(folder, 'README.md'), 'utf8')
      const [{ code } = { code: '' }] = codeBlocks(readme)
      assert.match(
        code,
        /^npm ci --prefix \.\.\/\.\. && npm run build --prefix \.\.\/\.\. .*\nnpm install\n/,
      )
      for (const script of Object.keys(scripts)) {
        assert.match(readme, new RegExp(`^npm (?:run )?${script}\\b`, 'm'), `${name}: ${script}`)
      }
    }
  })

  it('chat', async (t) => {
    const alice = start(t, 'chat/chat.js', ['--name', 'alice', ...place])
    const bob = start(t, 'chat/chat.js', ['--name', 'bob', ...place])
    await Promise.all([alice, bob].map((it) => it.until(/In lobby/)))
    alice.type('hello \u001b[31mBob')
    await bob.until(/^\[[0-9a-f]{8}\] alice: hello \?\[31mBob$/m)
    bob.type('hello Alice')
    await alice.until(/^\[[0-9a-f]{8}\] bob: hello Alice$/m)
    assert.deepEqual(await Promise.all([alice.end(), bob.end()]), [0, 0])
  })

  it('presence', async (t) => {
    const args = ['--interval-s', '1', ...place]
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) =>
      start(t, 'presence/presence.js', ['--name', name, ...args]),
    )
    await alice!.until(/bob is here[\s\S]*carol is here|carol is here[\s\S]*bob is here/)
    bob!.kill('SIGKILL')
    await alice!.until(/bob is lost/)
    assert.equal(await carol!.end(), 0)
    await alice!.until(/carol is away/)
    assert.equal(await alice!.end(), 0)
  })

  it('configuration', async (t) => {
    const publisher = start(t, 'configuration/publish.js', place)
    const [, owner] = await publisher.until(/--owner ([0-9a-f]{40})/)
    publisher.type('set color blue')
    await publisher.until(/set color: done/)
    const watcher = start(t, 'configuration/watch.js', ['color', '--owner', owner!, ...place])
    await watcher.until(/^color = blue$/m)
    publisher.type('set color dark green')
    await watcher.until(/^color = dark green$/m)
    publisher.type('delete color')
    await watcher.until(/^color is not set$/m)
    publisher.type('nonsense')
    await publisher.until(/Expected: set NAME VALUE/)
    assert.equal(await publisher.end(), 0)
    const again = start(t, 'configuration/publish.js', place)
    assert.equal((await again.until(/--owner ([0-9a-f]{40})/))[1], owner)
  })

  it('configuration of whoever is the first of a network', async (t) => {
    const network = ['--network', `${randomNetwork()}`]
    const publisher = start(t, 'configuration/publish.js', network)
    const [, owner, port] = await publisher.until(/--owner (\w+) --bootstrap HOST:(\d+)/)
    publisher.type('set color blue')
    await publisher.until(/^Waiting until somebody is in the network$/m)
    const place = [...network, '--bootstrap', `localhost:${port}`]
    const watcher = start(t, 'configuration/watch.js', ['color', '--owner', owner!, ...place])
    await watcher.until(/^color = blue$/m)
    assert.equal(await publisher.end(), 0)
  })

  it('file-sharing', async (t) => {
    const path = join(packed.folder, 'original.bin')
    writeFileSync(path, randomBytes(200_000))
    const share = start(t, 'file-sharing/share.js', [path, ...place])
    const [, id] = await share.until(/^([0-9a-f]{64})$/m)
    const fetch = start(t, 'file-sharing/fetch.js', [id!, '--out', 'copy.bin', ...place])
    await fetch.until(/copy\.bin: 200000 bytes/)
    assert.ok(readFileSync(path).equals(readFileSync(join(packed.folder, 'copy.bin'))))
    const again = start(t, 'file-sharing/fetch.js', [id!, '--out', 'copy.bin', ...place])
    await again.until(/EEXIST/)
    const missing = '0'.repeat(64)
    await start(t, 'file-sharing/fetch.js', [missing, ...place]).until(/Nobody has 0000/)
    assert.equal(existsSync(join(packed.folder, 'original.bin.1')), false)
  })

  it('sensor', async (t) => {
    const second = await DhtRunner.start({
      ...{ port: 0, bind4: '127.0.0.1', bind6: false, network },
      bootstrap: [`127.0.0.1:${node.port4}`],
    })
    t.after(() => second.close())
    await second.whenConnected()
    const proxy = await ProxyServer.start(second, { port: 0, address: '127.0.0.1' })
    t.after(() => proxy.close())
    const args = ['--proxy', proxy.url]
    const sensor = start(t, 'sensor/sensor.js', [...args, '--count', '2', '--interval-s', '1'])
    await sensor.until(/sent [\d.]+ °C\n[\s\S]*sent/)
    await start(t, 'sensor/monitor.js', args).until(/ °C, mean of 2: [\d.]+ °C$/m)
  })

  it('simulation', () => {
    const { status, stdout } = spawnSync(programNode(), ['--test'], {
      cwd: join(packed.folder, 'simulation'),
      env: { ...process.env, OPENDHT_SIM_SEED: '1', NODE_TEST_CONTEXT: undefined },
      encoding: 'utf8',
    })
    assert.match(stdout, /pass 3\n/)
    assert.equal(status, 0, stdout)
  })
})
