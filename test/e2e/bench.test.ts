// SPDX-License-Identifier: MIT
// The benchmarks run and write what they measured. Says nothing about how fast anything is.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import type { Results } from '../../bench/harness/results.ts'

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
  if (!hasCompiler()) return t.skip('no C compiler for the load generator')
  const results = run('serve')
  assert.ok(medianOf(results, 'ping', 'repliesPerS') > 0)
  assert.ok(medianOf(results, 'find', 'cpuUs') > 0)
})
