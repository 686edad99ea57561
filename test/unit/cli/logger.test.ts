// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Logger, lineSink, openLogFile } from '../../../src/cli/logger.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'

const nowNs = () => 2_035_805_315_999n

function logTo(lines: string[], isOn: boolean, hasColors = false): Logger {
  const sink = lineSink((line) => lines.push(line), hasColors)
  return new Logger({ sink, isOn, nowNs, isVisible: true })
}

test('lines carry monotonic seconds with six digits and microseconds', () => {
  const lines: string[] = []
  logTo(lines, true).write('debug', 'some text')
  assert.deepEqual(lines, ['[002035.805315] some text'])
})

test('errors are red and warnings yellow, where colours are wanted', () => {
  const lines: string[] = []
  const log = logTo(lines, true, true)
  log.write('debug', 'd')
  log.write('warning', 'w')
  log.write('error', 'e')
  assert.deepEqual(lines, [
    '[002035.805315] d',
    '\x1b[33m[002035.805315] w\x1b[39m',
    '\x1b[31m[002035.805315] e\x1b[39m',
  ])
})

test('nothing is logged, and no text needed, while the log is off', () => {
  const lines: string[] = []
  const log = logTo(lines, false)
  assert.equal(log.enabled('debug'), false)
  log.write('debug', 'lost')
  log.toggle()
  assert.equal(log.enabled('debug'), true)
  log.write('debug', 'kept')
  log.toggle()
  log.write('debug', 'lost')
  assert.deepEqual(lines, ['[002035.805315] kept'])
})

test('a hash turns the log on for the lines that mention it, until the next toggle', () => {
  const lines: string[] = []
  const log = logTo(lines, false)
  const hash = InfoHash.get('mykey')
  log.showOnly(hash)
  log.write('debug', 'something else')
  log.write('debug', `search ${hash}`)
  assert.equal(lines.length, 1)
  log.toggle()
  log.toggle()
  log.write('debug', 'something else')
  assert.equal(lines.length, 2)
})

test('warnings reach the user once, whether the log is on or off, visible or in a file', () => {
  for (const isVisible of [true, false]) {
    const lines: string[] = []
    const notices: string[] = []
    const log = new Logger({
      sink: (_level, line) => lines.push(line),
      isOn: false,
      isVisible,
      notice: (text) => notices.push(text),
    })
    assert.equal(log.enabled('warning'), true)
    log.write('warning', 'disk full')
    log.write('debug', 'nothing special')
    assert.deepEqual(notices, ['disk full'])
    assert.deepEqual(lines, [])
    log.toggle()
    log.write('error', 'port gone')
    assert.deepEqual(notices, isVisible ? ['disk full'] : ['disk full', 'port gone'])
    assert.equal(lines.length, 1)
  }
})

test('a log file is truncated, written line by line, and never coloured', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dht-log-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'node.log')
  writeFileSync(path, 'of an earlier run\n')
  const file = openLogFile(path, assert.fail)
  const log = new Logger({ sink: file.sink, isOn: true, nowNs, isVisible: false })
  log.write('error', 'one')
  assert.equal(readFileSync(path, 'utf8'), '[002035.805315] one\n')
  file.close()
  log.write('error', 'after the end')
  assert.equal(readFileSync(path, 'utf8'), '[002035.805315] one\n')
  assert.throws(() => openLogFile(join(folder, 'no/such/folder'), assert.fail), /ENOENT/)
})

test('a full disk is told once, and the log goes quiet', { skip: noFullDevice() }, () => {
  const failures: Error[] = []
  const file = openLogFile('/dev/full', (error) => failures.push(error))
  file.sink('debug', 'one')
  file.sink('debug', 'two')
  assert.equal(failures.length, 1)
  assert.match(failures[0]!.message, /ENOSPC/)
})

function noFullDevice(): string | false {
  return process.platform === 'linux' ? false : 'needs /dev/full'
}
