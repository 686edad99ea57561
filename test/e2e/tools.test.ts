// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// The other tools as users and scripts run them: child processes of the sources, on loopback.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { startDemo } from '../../src/cli/demo.ts'
import { startChild } from '../support/child.ts'
import { runProgram, TOOL } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { poll } from '../support/watch.ts'

const LOOPBACK = ['--bind4', '127.0.0.1']
const run = (tool: string, input: string, ...args: string[]) =>
  runProgram([...TOOL(tool), ...args], input)

/** Options that lead into a network of this many nodes, which ends with the test. */
async function network(t: TestContext, nodes: number): Promise<string[]> {
  const demo = await startDemo(nodes)
  t.after(() => demo.close())
  return ['-n', String(demo.network), '-b', demo.entry, ...LOOPBACK]
}

describe('opendht', () => {
  test('lists the tools, runs one, and suggests one', async () => {
    const alone = await run('opendht', '')
    assert.equal(alone.status, 0)
    assert.match(alone.stdout, /^Usage: opendht TOOL[\s\S]*\n {2}dhtscanner /)
    for (const word of ['--help', '-h', 'help']) {
      assert.deepEqual(await run('opendht', '', word), alone)
    }
    const version = await run('opendht', '', 'dhtnode', '--version')
    assert.deepEqual(await run('opendht', '', '--version'), version)
    assert.match(version.stdout, /^OpenDHT version /)
    const wrong = await run('opendht', '', 'dhtnod')
    const message = 'Unknown tool: dhtnod. Did you mean dhtnode? (see opendht --help)\n'
    assert.deepEqual(wrong, { status: 2, stdout: '', stderr: message })
    const capital = await run('opendht', '', 'DHTNODE')
    assert.match(capital.stderr, /^Unknown tool: DHTNODE\. Did you mean dhtnode\?/)
    const help = await run('opendht', '', 'help', 'dhtscanner')
    assert.deepEqual(help, await run('dhtscanner', '', '--help'))
    const none = await run('opendht', '', 'help', 'nonsense')
    assert.deepEqual([none.status, none.stdout], [2, ''])
    const flag = await run('opendht', '', 'dhtnode', '--jsno')
    assert.match(flag.stderr, /Did you mean --json\? \(see opendht dhtnode --help\)\n$/)
    assert.equal(flag.status, 2)
    const option = await run('opendht', '', '--versoin')
    assert.match(option.stderr, /^Unknown option: --versoin\. Did you mean --version\? \(see/)
    assert.equal(option.status, 2)
  })

  test('prints completions', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { status, stdout } = await run('opendht', '', 'completion', shell)
      assert.equal(status, 0)
      assert.ok(stdout.includes(`for ${shell}.\n`))
    }
  })
})

describe('dhtchat', () => {
  test('carries signed and encrypted messages from one to another', async (t) => {
    const join = await network(t, 5)
    const command = TOOL('dhtchat')
    await using bob = await DhtnodeProcess.start({ command, args: join })
    await using alice = await DhtnodeProcess.start({ command, args: join })
    const room = '9bceabf6ad2a605ea08c2978036f291387615d40'
    await bob.ask('c room1', new RegExp(`Joining h\\(room1\\) = ${room}\n`))
    await alice.ask('nonsense', /type 'c \{hash\}' to join a channel\n/)
    await alice.ask(`c ${room}`, /Joining/)
    alice.send('hello from \u001b[31mA')
    const heard = String.raw`${alice.keyId} at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(took [^)]+\) : `
    // What could change the terminal of the reader comes as text.
    await bob.waitForOutput(new RegExp(`${heard}\\d+ - hello from \\\\u001b\\[31mA\n`))
    alice.send(`e ${bob.keyId} only for you`)
    await bob.waitForOutput(new RegExp(`${heard}ENCRYPTED \\d+ - only for you\n`))
    assert.ok(!alice.stdout.includes('hello from'), 'own messages are not shown')
    alice.send('e nobody text')
    alice.send('d')
    alice.send('q')
    assert.equal(await alice.exited, 2, 'of the wrong id')
    assert.match(alice.stderr, /^Syntax error: invalid public key id: nobody /m)
    assert.match(alice.stdout, /\n\nStopping node\.\.\.\n$/)
  })

  test('tells a script that a message was not sent', async () => {
    const args = ['--json', '-b', '127.0.0.1:1', ...LOOPBACK]
    const { status, stdout } = await run('dhtchat', 'c room\nhello\n', ...args)
    assert.equal(status, 3)
    const events = stdout.trimEnd().split('\n')
    const { event, ok } = JSON.parse(events.at(-1)!)
    assert.deepEqual([event, ok], ['send.end', false])
  })
})

describe('dhtscanner', () => {
  test('prints the nodes, sorted', async (t) => {
    const join = await network(t, 12)
    const { status, stdout, stderr } = await run('dhtscanner', '', ...join)
    assert.equal(status, 0)
    assert.match(stdout, /^Bootstrap: .*\nScanning network \d+ on port \d+\n/)
    const [, count, list = ''] = /Scan ended: (\d+) nodes found\.\n([\s\S]*)/.exec(stdout)!
    assert.equal(count, '12')
    const nodes = list.trimEnd().split('\n')
    assert.equal(nodes.length, 12)
    assert.deepEqual(nodes, nodes.toSorted())
    for (const line of nodes) assert.match(line, /^Node [0-9a-f]{40}: 127\.0\.0\.1:\d+$/)
    assert.match(stderr, /^\d+ lookups in [^\n]*\n$/, 'no progress without a terminal')
  })

  test('ends at once with a signal, also while nobody answers', async () => {
    const child = startChild([...TOOL('dhtscanner'), '-b', '127.0.0.1:1', ...LOOPBACK])
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const [status] = await once(child, 'exit')
    assert.equal(status, 3)
  })
})

describe('dhtcluster', () => {
  test('runs nodes, speaks to one of them, grows and shrinks', async () => {
    const input = [
      ...['ll', 'node 2', 'p key text', 'g key', 'node', 'g key', 'zz', 'nod 3', 'node 9'],
      ...['resize 5', 'node 4', 'la', 'resize 2', 'll', 'resize 0', 'h', 'x'],
    ]
    const args = ['-n', '4', '-p', '0', '--net', '77002', ...LOOPBACK]
    const { status, stdout, stderr } = await run('dhtcluster', `${input.join('\n')}\n`, ...args)
    assert.equal(status, 2, 'of the mistakes below')
    assert.match(stdout, /^4 nodes running on ports \d+, \d+, \d+, \d+\n/)
    assert.equal(stdout.match(/^ {2}\d {2}[0-9a-f]{40} {2}port \d+ {2}/gm)?.length, 4 + 2)
    assert.match(stdout, /\nPut: success, took .*\n/)
    assert.match(stdout, /\nGet: completed, took .*\(total 1\)\n/)
    assert.match(stdout, /\nReported public addresses:\n/)
    assert.match(stdout, /\n {2}resize N .*\n/)
    assert.match(stdout, /\n\nStopping nodes\.\.\.\n$/)
    assert.deepEqual(stderr.split('\n'), [
      'Unknown command: g, but one of a node: select it with node N',
      'Unknown command: zz',
      'Unknown command: nod. Did you mean node?',
      'Invalid node: 9 (0 to 3)',
      'Invalid number of nodes: 0 (1 to 500)',
      '',
    ])
  })

  test('tells a script what went wrong, also at nodes that are gone', async () => {
    const args = ['-n', '2', '-p', '0', '--net', '77003', ...LOOPBACK]
    const statusOf = async (...lines: string[]): Promise<number | null> =>
      (await run('dhtcluster', `${lines.join('\n')}\n`, ...args)).status
    assert.equal(await statusOf('node 1', 'cl key 1', 'node', 'resize 1'), 3)
    assert.equal(await statusOf('node 1', 'zzz', 'resize 1', 'll'), 2)
    assert.equal(await statusOf('node 1', 'la', 'resize 1', 'll'), 0)
  })

  test('is a service, too, and has JSON', async () => {
    const child = startChild([...TOOL('dhtcluster'), '-s', '--json', '-n', '2', '-p', '0'])
    const [line] = await once(child.stdout, 'data')
    const { event, nodes, ports } = JSON.parse(String(line))
    assert.deepEqual([event, nodes, ports.length], ['cluster', 2, 2])
    child.kill('SIGTERM')
    const [status] = await once(child, 'exit')
    assert.equal(status, 0)
  })
})

describe('perftest and pingpong', () => {
  test('print the time per round trip', async () => {
    const short = ['--rounds', '20', '--parallel', '1,3', '--sizes', '2,3']
    const perftest = await run('perftest', '', ...short)
    assert.deepEqual([perftest.status, perftest.stderr], [0, ''])
    assert.equal(perftest.stdout.match(/^Network size: [23]$/gm)?.length, 4)
    assert.equal(perftest.stdout.match(/^(20|60) ping-pong done, took .+$/gm)?.length, 4)
    assert.equal(perftest.stdout.match(/^.+ per rt, \d+ ping per s$/gm)?.length, 4)
    assert.match(perftest.stdout, /\nGrand total: .*\n$/)
    const pingpong = await run('pingpong', '', '--rounds', '20', '-n', '3', '--json')
    const [game, end] = pingpong.stdout
      .trimEnd()
      .split('\n')
      .map((it) => JSON.parse(it))
    assert.deepEqual([game.event, game.size, game.roundTrips], ['perftest.run', 3, 20])
    assert.equal(end.event, 'perftest.end')
  })

  test('end at once with a signal, and say what was measured until then', async () => {
    const child = startChild([...TOOL('pingpong'), '--rounds', '1000000'])
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    await poll(() => stdout !== '', 10_000, 'the start')
    await new Promise((resolve) => setTimeout(resolve, 2000)) // it plays
    child.kill('SIGINT')
    const [status] = await once(child, 'close')
    assert.equal(status, 3)
    const measured = /^\d+ of 1000000 ping-pong done, took .+\n.+ per rt, \d+ ping per s\n$/m
    assert.match(stdout, measured)
  })
})

describe('durl', () => {
  async function serve(t: TestContext, status: number): Promise<string> {
    const server: Server = createServer((request, response) => {
      response.writeHead(status, { 'X-Path': request.url, 'Content-Type': 'text/plain' })
      response.end('a body\n')
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/path`
  }

  test('prints the body, and headers when it is asked to', async (t) => {
    const url = await serve(t, 200)
    const body = await run('durl', '', url)
    assert.deepEqual(body, { status: 0, stdout: 'a body\n', stderr: '' })
    const all = await run('durl', '', '-Hv', url)
    assert.match(
      all.stdout,
      /^Connection: .*\nContent-Type: text\/plain\n.*X-Path: \/path\n\na body\n$/s,
    )
    assert.equal(all.stderr, `GET ${url}\nHTTP/1.1 200 OK\n`)
    const {
      status,
      headers,
      body: text,
    } = JSON.parse((await run('durl', '', url, '--json')).stdout)
    assert.deepEqual([status, headers['X-Path'], text], [200, '/path', 'a body\n'])
    const version = await run('durl', '', '-V')
    assert.match(version.stdout, /^OpenDHT version/)
  })

  test('says by its status whether it got what it asked for', async (t) => {
    const refused = await run('durl', '', await serve(t, 404))
    assert.deepEqual([refused.status, refused.stdout], [3, 'a body\n'])
    const nobody = await run('durl', '', 'http://127.0.0.1:1/')
    assert.equal(nobody.status, 1)
    assert.match(nobody.stderr, /^Error: Cannot get anything from 127\.0\.0\.1:1: .*ECONNREFUSED/)
  })
})
