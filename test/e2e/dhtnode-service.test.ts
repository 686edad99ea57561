// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// dhtnode in the background, its system log, and its ends: signals and broken pipes at any moment.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startChild } from '../support/child.ts'
import { DHTNODE, runProgram, TOOL, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { AT_TERMINAL, terminalMissing, withoutEscapes } from '../support/pseudo-terminal.ts'
import { poll } from '../support/watch.ts'

const LOOPBACK = ['--bind4', '127.0.0.1', '-p', '0']
const isWindows = process.platform === 'win32' && 'no daemons on Windows'

const isRunning = (pid: number): boolean => {
  try {
    // One that has ended waits for its parent to notice.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('a daemon', {
  skip: isWindows || (!existsSync('/proc/self/status') && 'no /proc'),
}, () => {
  test('runs on when the command returns, and ends with SIGTERM, its state saved', async (t) => {
    const folder = temporaryFolder(t)
    const [state, log] = [join(folder, 'state'), join(folder, 'log')]
    const args = [...LOOPBACK, '-d', '-f', state, '-l', log]
    const { status, stdout, stderr } = await runProgram([...DHTNODE, ...args])
    assert.deepEqual([status, stderr], [0, ''])
    const [, pid] = /^OpenDHT node .*[\s\S]*\nRunning in the background: process (\d+)\n$/.exec(
      stdout,
    )!
    t.after(() => isRunning(Number(pid)) && process.kill(Number(pid), 'SIGKILL'))
    assert.ok(isRunning(Number(pid)))
    assert.ok(!stdout.includes("'help'"))
    process.kill(Number(pid), 'SIGHUP')
    process.kill(Number(pid), 'SIGTERM')
    await poll(() => !isRunning(Number(pid)), 10_000, 'the daemon ends')
    assert.ok(existsSync(state))
    assert.ok(existsSync(log))
  })

  test('tells a program its process, and may be many nodes', async (t) => {
    const args = ['-d', '--json', '-n', '2', '-p', '0', '--bind4', '127.0.0.1']
    const { status, stdout } = await runProgram([...TOOL('dhtcluster'), ...args])
    assert.equal(status, 0)
    const [cluster, daemon] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.after(() => isRunning(daemon.pid) && process.kill(daemon.pid, 'SIGKILL'))
    assert.deepEqual([cluster.event, daemon.event], ['cluster', 'daemon'])
    process.kill(daemon.pid, 'SIGINT')
    await poll(() => !isRunning(daemon.pid), 10_000, 'the daemon ends')
  })

  test('that cannot start says why, with its status', async () => {
    const args = ['--bind4', '192.0.2.1', '-p', '0', '--daemonize']
    const { status, stderr } = await runProgram([...DHTNODE, ...args])
    assert.equal(status, 1)
    assert.match(stderr, /^Error: [^\n]+\n$/)
  })
})

describe('the system log', { skip: isWindows }, () => {
  test('gets lines with their levels, through logger', async (t) => {
    const folder = temporaryFolder(t)
    const written = join(folder, 'written')
    const logger = join(folder, 'logger')
    writeFileSync(logger, `#!/bin/sh\necho "$@" > ${written}\ncat >> ${written}\n`)
    chmodSync(logger, 0o755)
    const PATH = `${folder}:${process.env['PATH']}`
    const env = ['env', `PATH=${PATH}`]
    const args = [...LOOPBACK, '--syslog', '-b', 'no..host']
    const { status, stderr } = await runProgram([...env, ...DHTNODE, ...args], 'p key text\n')
    assert.equal(status, 3, 'of the put')
    assert.match(stderr, /^Cannot resolve host/, 'warnings are for the user, too')
    const read = (): string => readFileSync(written, 'utf8')
    await poll(() => existsSync(written) && /<4>/.test(read()), 5000, 'the log')
    assert.match(read(), /^--tag dhtnode -p daemon\.debug --prio-prefix\n/)
    assert.match(read(), /^<4>\[\d{6,}\.\d{6}\] Cannot resolve host/m)
  })

  test('gets the lines of all nodes of a cluster from one logger, numbered', async (t) => {
    const folder = temporaryFolder(t)
    const written = join(folder, 'written')
    const logger = join(folder, 'logger')
    writeFileSync(logger, `#!/bin/sh\necho "$@" >> ${written}\ncat >> ${written}\n`)
    chmodSync(logger, 0o755)
    const env = ['env', `PATH=${folder}:${process.env['PATH']}`]
    const args = ['-n', '3', '-p', '0', '--bind4', '127.0.0.1', '--syslog', '-b', 'no..host']
    const { stderr } = await runProgram(
      [...env, ...TOOL('dhtcluster'), ...args],
      'node 2\np key text\n',
    )
    assert.match(stderr, /^\(2\) Cannot resolve host/m)
    const read = (): string => readFileSync(written, 'utf8')
    const isThere = () => ['<4>(0)', '<4>(2)'].every((it) => read().includes(it))
    await poll(() => existsSync(written) && isThere(), 10_000, 'the log')
    assert.deepEqual(read().match(/^--tag .*$/gm), [
      '--tag dhtcluster -p daemon.debug --prio-prefix',
    ])
    assert.match(read(), /^<4>\(0\) \[\d{6,}\.\d{6}\] Cannot resolve host/m)
  })

  test('that is not there is said, and the node runs', async (t) => {
    const env = ['env', `PATH=${temporaryFolder(t)}`]
    const args = [...LOOPBACK, '--syslog', '-s']
    const child = startChild([...env, ...DHTNODE, ...args])
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    await poll(() => stderr !== '', 10_000, 'the complaint')
    assert.match(stderr, /^Cannot write to the system log any more: spawn logger ENOENT\n$/)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('of systemd gets levels on standard error', async () => {
    // The journal is a socket that the variable names; here it is the pipe of the test.
    const mark = 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"'
    const args = [...LOOPBACK, '-v', '-b', 'no..host']
    const { stderr } = await runProgram(
      ['sh', '-c', mark, 'sh', ...DHTNODE, ...args],
      'p key text\n',
    )
    assert.match(stderr, /^<7>\[\d+\.\d+\] /m)
    assert.match(stderr, /^<4>\[\d+\.\d+\] Cannot resolve host/m)
  })
})

describe('the end', () => {
  test('leaves the state as it was, whenever it comes', async (t) => {
    const state = join(temporaryFolder(t), 'state')
    const args = [...LOOPBACK, '-f', state]
    await runProgram([...DHTNODE, ...args], 'p mykey hello\n')
    const ends = [0, 300, 600, 900, 1200, 1800]
    for (const delayMs of ends) {
      const child = startChild([...DHTNODE, ...args])
      // Without a reader it may end by itself before it is told to.
      const ended = once(child, 'exit')
      child.stderr.resume()
      if (delayMs % 600 === 0) child.stdout.destroy()
      else child.stdout.resume()
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      child.kill(delayMs % 900 === 0 ? 'SIGINT' : 'SIGTERM')
      await ended
    }
    const { stdout } = await runProgram([...DHTNODE, ...args], 'g mykey\n')
    assert.match(stdout, /^\tValue\[id:[0-9a-f]+ data\(text\/plain\):"hello"\]$/m)
  })

  test('comes at any moment of the start without an error', async () => {
    for (let delayMs = 0; delayMs <= 600; delayMs += 60) {
      const child = startChild([...DHTNODE, ...LOOPBACK, '-i'])
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      child.kill('SIGTERM')
      let stderr = ''
      child.stderr.on('data', (text) => {
        stderr += text
      })
      const [status, signal] = await once(child, 'close')
      // Before it can take signals there is nothing to save.
      assert.ok(status === 0 || signal === 'SIGTERM', `${status} ${signal} after ${delayMs} ms`)
      assert.equal(stderr, '')
    }
  })

  test('comes when nobody reads the help, too', async () => {
    const child = startChild([...DHTNODE, '--help'])
    child.stdout.destroy()
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })
})

describe('at a terminal', { skip: terminalMissing() }, () => {
  test('Tab completes commands and keys, arrows bring lines back, Ctrl-D ends', async () => {
    const args = ['--demo', '2']
    await using node = await DhtnodeProcess.start({ command: DHTNODE, args, prefix: AT_TERMINAL })
    await node.waitForOutput(/>> /)
    await node.ask('put somekey text', /Put: success/)
    await node.press('annou', /annou/)
    await node.press('\t', /nce /)
    await node.press('some', /some/)
    await node.press('\t', /key /)
    await node.press('4567\n', /Announce: success/)
    await node.press('\u001b[A', /announce somekey 4567/)
    await node.press('\n', /Announce: success/)
    await node.press('\u0004', /Stopping node/)
    assert.equal(await node.exited, 0)
    assert.match(withoutEscapes(node.stdout), /Stopping node\.\.\.\s*$/)
  })

  test('the log has colours, unless they are not wanted', async () => {
    const args = [...LOOPBACK, '-v', '-b', 'no..host']
    for (const [env, isColoured] of [
      [{ TERM: 'xterm' }, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      const set = Object.entries(env).map((it) => it.join('='))
      // Node.js takes the log of a build for a terminal without colours.
      const prefix = ['env', '-u', 'CI', ...set, ...AT_TERMINAL]
      await using node = await DhtnodeProcess.start({ command: DHTNODE, args, prefix })
      await node.waitForOutput(/Cannot resolve host/)
      assert.equal(node.stdout.includes('\u001b[33m['), isColoured)
    }
  })
})
