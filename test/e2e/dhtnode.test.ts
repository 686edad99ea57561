// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// The dhtnode program as users and scripts run it: child processes of the sources, on loopback.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { startChild } from '../support/child.ts'
import { DHTNODE, NPM_START, runProgram, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { poll } from '../support/watch.ts'

const LOOPBACK = ['--bind4', '127.0.0.1', '-p', '0']
const MYKEY = '816cc20437d859538736e1ef46558b7bda486c06'

const start = (...args: string[]) => DhtnodeProcess.start({ command: DHTNODE, args })
const run = (input: string, ...args: string[]) => runProgram([...DHTNODE, ...args], input)
const startLocal = (...args: string[]) => start(...LOOPBACK, ...args)
const newNetwork = () => String(randomInt(1, 2 ** 31))

/** A UDP port of 127.0.0.1 that is in use until the test ends. */
async function occupy(t: TestContext, port: number): Promise<number> {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}

describe('options', () => {
  test('--help and --version print and end', async () => {
    const help = await run('', '--help')
    assert.deepEqual([help.status, help.stderr], [0, ''])
    assert.match(help.stdout, /^Usage: dhtnode \[options\]\n/)
    const version = await run('', '--version')
    assert.deepEqual([version.status, version.stderr], [0, ''])
    assert.match(version.stdout, /^OpenDHT version \d+\.\d+\.\d+\n/)
  })

  test('compiled code is kept for the next start, unless that is not wanted', async (t) => {
    if (module.enableCompileCache === undefined) {
      return t.skip('needs a cache of compiled code, which Node.js has since 22.1')
    }
    for (const isWanted of [true, false]) {
      const folder = temporaryFolder(t)
      const not = isWanted ? [] : ['NODE_DISABLE_COMPILE_CACHE=1']
      const { status } = await runProgram([
        'env',
        `TMPDIR=${folder}`,
        ...not,
        ...DHTNODE,
        ...LOOPBACK,
      ])
      assert.equal(status, 0)
      assert.equal(existsSync(join(folder, 'node-compile-cache')), isWanted)
    }
  })

  test('wrong usage is one line and status 2', async () => {
    const mistakes = [
      ['-I'],
      ['-p', '70000'],
      ['-b', 'a:b:c'],
      ['--pushserver', 'a:b:c'],
      ['-n', 'x'],
      ['-p'],
    ]
    for (const args of mistakes) {
      const { status, stdout, stderr } = await run('', ...args)
      assert.deepEqual([status, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^[^\n]+\n$/)
    }
  })

  test('-D looks for nodes on the network that it is bound to', async () => {
    const { status, stdout, stderr } = await run('', ...LOOPBACK, '-n', '77001', '-D')
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /\nLooking for nodes of network 77001 on the local network\.\n/)
  })

  test('a port in use is one line and status 1', async (t) => {
    const port = await occupy(t, 0)
    const { status, stdout, stderr } = await run('', '--bind4', '127.0.0.1', '-p', String(port))
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, new RegExp(`^Error: [^\\n]*port ${port}[^\\n]*EADDRINUSE[^\\n]*\\n$`))
  })

  test('an address that is not here, files that cannot be: one line and status 1', async () => {
    const failures = [
      ['--bind4', '192.0.2.1'],
      ['-f', '/nonexistent/state'],
      ['-l', '/nonexistent/log'],
    ]
    for (const args of failures) {
      const { status, stderr } = await run('', '-p', '0', ...args)
      assert.equal(status, 1, args.join(' '))
      assert.match(stderr, /^Error: [^\n]+\n$/)
    }
  })

  test('without a port it takes 4222 or the next free one, and says so', async (t) => {
    await occupy(t, 4222).catch(() => {}) // by whomever
    const { status, stdout } = await run('', '--bind4', '127.0.0.1')
    assert.equal(status, 0)
    const [, port] = /running on port (\d+)\n/.exec(stdout)!
    assert.ok(Number(port) > 4222 && Number(port) <= 4322)
    assert.ok(stdout.includes(`\nPort 4222 is in use: took ${port} instead.\n`))
  })
})

describe('a session', () => {
  test('begins with who and where the node is, and how to join a network', async () => {
    const { status, stdout, stderr } = await run('', ...LOOPBACK)
    assert.deepEqual([status, stderr], [0, ''])
    const [, first] = /^OpenDHT node [0-9a-f]{40} running on port \d+\n([\s\S]*?)\n \(/.exec(
      stdout,
    )!
    assert.equal(
      first,
      'Storage: 0 values, 0 B\nLocal storage: 0 values, 0 B\nOngoing operations: 0',
    )
    assert.match(stdout, /\n \(type 'h' or 'help' for a list of possible commands\)\n/)
    assert.match(stdout, /-b HOST\[:PORT\][\s\S]*bootstrap\.jami\.net/)
    assert.ok(stdout.endsWith('\n\nStopping node...\n'))
    const own = await run('', ...LOOPBACK, '-n', '42')
    assert.match(own.stdout, /\nNot part of network 42 yet\. To join it, start with -b HOST/)
    assert.ok(!own.stdout.includes('bootstrap.jami.net'))
  })

  test('says what is wrong with a command in one line each, and goes on', async () => {
    const commands = ['zzz', 'g', 'log nothash', 'cl mykey', 'b', 'a svc 0', 'cpp mykey xyz', 's']
    const { status, stdout, stderr } = await run(`${commands.join('\n')}\nll\n`, ...LOOPBACK)
    assert.equal(status, 2)
    assert.match(stdout, /\nUnknown command: zzz\n/)
    assert.match(stdout, /\nIPv6 stats:\n/)
    const lines = stderr.trimEnd().split('\n')
    const expected = [
      /^Syntax error: no key\. Syntax: g KEY/,
      /^Syntax error: invalid InfoHash: nothash \(40 hexadecimal digits\)$/,
      /^Syntax error: invalid token: \(none\)\. Syntax: cl KEY TOKEN$/,
      /^No service provided\. Syntax: b HOST\[:PORT\]$/,
      /^Syntax error: invalid port: 0/,
      /^Syntax error: invalid value id: xyz/,
      /^Command s needs an identity: start dhtnode with -i/,
    ]
    assert.equal(lines.length, expected.length, stderr)
    for (const [i, pattern] of expected.entries()) assert.match(lines[i]!, pattern)
  })

  test('with a host that does not resolve says so, and stores locally only', async () => {
    const { status, stdout, stderr } = await run(
      'p mykey hello\ng mykey\n',
      ...LOOPBACK,
      '-b',
      'no..host',
    )
    assert.equal(status, 3)
    assert.match(stdout, /^Bootstrap: no\.\.host\nOpenDHT node /)
    assert.match(
      stdout,
      /\nPut: failure, took .*\. Value ID: [0-9a-f]+ \(stored locally only: .*\)\n/,
    )
    assert.match(stdout, /\n\tValue\[id:[0-9a-f]+ data\(text\/plain\):"hello"\]\n/)
    const said =
      /^Cannot resolve host "no\.\.host": \w+\nNobody answers yet \(no\.\.host\): still trying\n$/
    assert.match(stderr, said)
  })

  test('ends when nobody reads it any more', async () => {
    const child = startChild([...DHTNODE, ...LOOPBACK])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    child.stdin.write('h\n')
    const [status] = await once(child, 'exit')
    assert.equal(status, 0)
  })

  test('x ends it while its input is still open', async () => {
    await using node = await startLocal()
    node.send('x')
    assert.equal(await node.exited, 0)
    assert.ok(node.stdout.endsWith('\n\nStopping node...\n'))
  })
})

describe('a demo network', () => {
  test('is joined, and serves puts, gets and listens at once', async () => {
    await using node = await start('--demo', '8')
    assert.equal(await node.listen('fruit'), 1)
    const put = await node.put('fruit', 'apple')
    assert.equal(put.ok, true)
    const line = `Value[id:${put.id} data(text/plain):"apple"]`
    const seen = new RegExp(
      `Listen: found 1 values \\(total 1\\)\\n\\t${line.replace(/[[\]()]/g, '\\$&')}`,
    )
    await node.waitForOutput(seen)
    assert.deepEqual(await node.get('fruit'), { ok: true, lines: [line] })
    assert.deepEqual(await node.get('fruit', 'WHERE id=1'), { ok: true, lines: [] })
    const index = await node.query('fruit', 'SELECT id WHERE value_type=0')
    assert.deepEqual(index, { ok: true, lines: [`Index[Id:${put.id}]`] })
    // The own copy says the same as those of the others, so it is shown once.
    await node.ask('a door 80', /Announce: success/)
    const { lines } = await node.get('door')
    assert.equal(lines.length, 1, lines.join())
    assert.match(lines[0]!, /^Value\[id:[0-9a-f]+ 127\.0\.0\.1:80\]$/)
    assert.ok((await node.stats()).ipv4.good >= 4)
    assert.equal(node.stderr, '')
  })

  test('is what npm start runs, with 16 nodes', async () => {
    await using node = await DhtnodeProcess.start({ command: NPM_START })
    assert.equal((await node.put('fruit', 'apple')).ok, true)
    const [, dashboard] = await node.waitForOutput(/^Dashboard at (http:\S+\/dashboard\/)$/m)
    assert.match(await (await fetch(dashboard!)).text(), /<title>OpenDHT<\/title>/)
    // All of them are heard of in time, though the table does not hold all.
    const known = async () => {
      const [, cached] = await node.ask('ll', /IPv4 stats:[\s\S]*?(\d+) total cached nodes/)
      return Number(cached) >= 12
    }
    await poll(known, 15_000, 'twelve nodes known')
    await using plain = await DhtnodeProcess.start({
      command: NPM_START,
      args: LOOPBACK,
    })
    assert.match(plain.stdout, /Not part of a network yet/)
  })

  test('can be joined from outside with the options that it prints', async () => {
    await using inside = await start('--demo', '2')
    const [, network, entry] = await inside.waitForOutput(/-n (\d+) -b (127\.0\.0\.1:\d+)\n/)
    assert.equal((await inside.put('mykey', 'hello')).ok, true)
    await using outside = await startLocal('-n', network!, '-b', entry!)
    assert.equal((await outside.get('mykey')).lines.length, 1)
  })
})

describe('two nodes', () => {
  test('exchange values, hear of changes, and end permanent puts', async () => {
    const network = newNetwork()
    await using a = await startLocal('-n', network)
    await using b = await startLocal('-n', network, '-b', `127.0.0.1:${a.port}`)
    assert.match(b.stdout, new RegExp(`^Bootstrap: 127\\.0\\.0\\.1:${a.port}\n`))
    const token = await b.listen('mykey')
    // It has nobody to ask before the other one has called.
    await poll(async () => (await a.stats()).ipv4.good > 0, 15_000, 'a knows b')
    const put = await a.put('mykey', 'hello', true)
    assert.equal(put.ok, true)
    await b.waitForOutput(new RegExp(`\\tValue\\[id:${put.id} data\\(text/plain\\):"hello"\\]`))
    b.send(`cl mykey ${token}`)
    const words = 'several words of text'
    await b.ask(`p ${MYKEY} ${words}`, /Put: success/)
    const { ok, lines } = await a.get('mykey')
    assert.equal(ok, true)
    assert.equal(lines.length, 2)
    assert.ok(lines.some((line) => line.endsWith(`data(text/plain):"${words}"]`)))
    await b.ask('la', /Reported public addresses:\n127\.0\.0\.1\n/)
    await b.ask(
      'lr',
      new RegExp(`    Node ${a.nodeId} 127\\.0\\.0\\.1:${a.port} +updated: .* \\[good\\]\n`),
    )
    await a.ask('ld', new RegExp(`Storage ${MYKEY} \\d list\\., 2 values, \\d+ B\n`))
    await a.ask('ls', /Announcement: Value\[id:[0-9a-f]+ .*\] \[announced\]\n/)
    a.cancelPut('mykey', put.id!)
    a.cancelPut('mykey', put.id!)
    await poll(() => a.stderr !== '', 5000, 'the second cancellation fails')
    assert.equal(a.stderr, `No running put of value ${put.id} on this key\n`)
    assert.equal(b.stderr, '')
  })

  test('say when the one that was named at the prompt has answered', async () => {
    const network = newNetwork()
    await using a = await startLocal('-n', network)
    await using b = await startLocal('-n', network)
    b.send(`b 127.0.0.1:${a.port}`)
    await poll(() => b.stderr !== '', 15_000, 'the notice')
    assert.equal(b.stderr, 'Connected to the network\n')
    assert.equal(a.stderr, '', 'it awaited nobody')
  })

  test('let a script put and get through a pipe', async () => {
    const network = newNetwork()
    await using a = await startLocal('-n', network)
    const join = [...LOOPBACK, '-n', network, '-b', `127.0.0.1:${a.port}`]
    const put = await run('p mykey hello\n', ...join)
    assert.deepEqual([put.status, put.stderr], [0, ''])
    const [, id] = /\nPut: success, took [\d.]+ (?:us|ms|s)\. Value ID: ([0-9a-f]+)\n/.exec(
      put.stdout,
    )!
    const get = await run('g mykey\nx\n', ...join)
    assert.equal(get.status, 0)
    assert.ok(
      get.stdout.includes(
        `(total 1)\n\tValue[id:${id} data(text/plain):"hello"]\nGet: completed, took `,
      ),
    )
    assert.ok(!get.stdout.includes('>> '), 'no prompt')
    assert.ok(get.stdout.endsWith('\n\nStopping node...\n'))
  })

  test('that lose each other say so, and when they are back', async (t) => {
    const state = join(temporaryFolder(t), 'state')
    const network = newNetwork()
    const first = await startLocal('-n', network, '-f', state)
    const { port, nodeId } = first
    await first.close()
    await using b = await startLocal('-n', network, '-b', `127.0.0.1:${port}`)
    await poll(() => b.stderr.includes('Nobody answers yet'), 15_000, 'the notice')
    await using again = await startLocal('-n', network, '-f', state)
    assert.deepEqual([again.port, again.nodeId], [port, nodeId])
    await b.ask(`b 127.0.0.1:${port}`, /^/)
    await poll(() => b.stderr.includes('Connected to the network\n'), 30_000, 'the good news')
    assert.equal(
      b.stderr,
      `Nobody answers yet (127.0.0.1:${port}): still trying\nConnected to the network\n`,
    )
  })
})

describe('signals', () => {
  test('SIGTERM and SIGINT end in order, with the state saved', async (t) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const state = join(temporaryFolder(t), 'state')
      await using node = await startLocal('-f', state)
      await node.ask('p mykey hello', /Put: failure/)
      process.kill(node.pid!, signal)
      assert.equal(await node.exited, 0)
      assert.ok(node.stdout.endsWith('\n\nStopping node...\n'))
      assert.ok(existsSync(state))
      await using again = await startLocal('-f', state)
      assert.equal(again.nodeId, node.nodeId)
      assert.equal(again.port, node.port)
      assert.equal((await again.get('mykey')).lines.length, 1)
    }
  })

  test('a service has no commands and waits for them; hanging up means nothing', async () => {
    const args = [...LOOPBACK, '-s']
    await using node = await DhtnodeProcess.start({ command: DHTNODE, args, prompt: false })
    await node.waitForOutput(/Ongoing operations: 0\n/)
    assert.ok(!node.stdout.includes("'help'"))
    process.kill(node.pid!, 'SIGHUP')
    process.kill(node.pid!, 'SIGTERM')
    assert.equal(await node.exited, 0)
    assert.ok(node.stdout.endsWith('Stopping node...\n'))
  })
})

test('a node id may be given; that of a state goes before', async (t) => {
  const state = join(temporaryFolder(t), 'state')
  const args = [...LOOPBACK, '-f', state, '--node-id']
  const first = await run('', ...args, MYKEY)
  assert.match(first.stdout, new RegExp(`^OpenDHT node ${MYKEY} `))
  const again = await run('', ...args, 'f'.repeat(40))
  assert.match(again.stdout, new RegExp(`^OpenDHT node ${MYKEY} `))
  assert.ok(again.stdout.includes(`\nThe node id is that of ${state}, which has another one than`))
})

describe('the log', () => {
  test('goes to standard error with -v, and to a file with -l', async (t) => {
    const network = newNetwork()
    await using a = await startLocal('-n', network)
    const file = join(temporaryFolder(t), 'node.log')
    const common = [...LOOPBACK, '-n', network, '-b', `127.0.0.1:${a.port}`]
    const line = /^\[\d{6,}\.\d{6}\] Connectivity changed: IPv4: connected, IPv6: disconnected$/m
    const shown = await run('p mykey hello\n', ...common, '-v')
    assert.match(shown.stderr, line)
    assert.ok(!shown.stderr.includes('\x1b'), 'no colours')
    const written = await run('p mykey hello\n', ...common, '-l', file)
    assert.equal(written.stderr, '')
    assert.match(readFileSync(file, 'utf8'), line)
    assert.ok(statSync(file).size > 0)
    const silent = await run('p mykey hello\n', ...common)
    assert.equal(silent.stderr, '')
  })
})
