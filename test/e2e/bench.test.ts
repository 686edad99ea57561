// SPDX-License-Identifier: MIT
// The benchmarks run and write what they measured. Says nothing about how fast anything is.
// test-alone

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import type { Results } from '../../bench/harness/results.ts'
import { netnsAvailable } from '../support/netns.ts'

const MAIN = resolve(import.meta.dirname, '../../bench/main.ts')
const out = mkdtempSync(join(tmpdir(), 'bench-'))

after(() => rmSync(out, { recursive: true }))

/** Runs a benchmark on our side alone, as small as it goes. */
function run(name: string): Results {
  const args = [MAIN, name, '--quick', '--only', 'ours', '--out', out]
  execFileSync(process.execPath, args, { stdio: 'pipe', timeout: 60_000 })
  assert.match(readFileSync(join(out, `${name}.svg`), 'utf8'), /^<svg .*<\/svg>\n$/s)
  return JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8')) as Results
}

function medianOf({ rows, subjects }: Results, row: string, metric: string): number {
  const cell = rows[row]?.[metric]?.[subjects[0]!]
  assert.ok(cell, `${row} has no ${metric}`)
  return cell.median
}

/** Whether there is a compiler for the load generator. */
function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('the codec benchmark measures every message', () => {
  const results = run('codec')
  for (const row of ['encode get request', 'decode reply with 8 nodes']) {
    assert.ok(medianOf(results, row, 'ns') > 0)
  }
})

test('the serve benchmark counts answered requests', (t) => {
  if (!hasCompiler()) return t.skip('needs a C compiler to build the load generator: install gcc')
  const results = run('serve')
  assert.ok(medianOf(results, 'ping', 'repliesPerS') > 0)
  assert.ok(medianOf(results, 'find', 'cpuUs') > 0)
})

test('the proxy benchmark counts replies and deliveries', (t) => {
  if (!hasCompiler()) return t.skip('needs a C compiler to build the load generator: install gcc')
  const results = run('proxy')
  assert.ok(medianOf(results, 'node info, 64 connections', 'perS') > 0)
  assert.ok(medianOf(results, '1,000 listens on one key', 'p99Ms') > 0)
})

test('the churn benchmark measures a lossy network whose nodes die', (t) => {
  const obstacle = netnsAvailable() || lacksShim()
  if (obstacle !== false) return t.skip(obstacle)
  const results = run('churn')
  for (const row of ['5 % loss: put', '5 % loss: get right after the deaths']) {
    assert.equal(medianOf(results, row, 'success'), 100)
    assert.ok(medianOf(results, row, 'p50Ms') > 0)
  }
})

/** What the shim is made of. */
function lacksShim(): string | false {
  if (spawnSync('iptables-legacy', ['--version']).status !== 0)
    return 'needs iptables-legacy for the shim that loses datagrams: install iptables'
  const probe = [
    '-E',
    '-x',
    'c',
    '-include',
    'libnetfilter_queue/libnetfilter_queue.h',
    '/dev/null',
  ]
  return spawnSync('cc', probe).status === 0
    ? false
    : 'needs gcc and libnetfilter-queue-dev for the shim that loses datagrams'
}
