// SPDX-License-Identifier: MIT
// The test runner tested from outside: small test files in a scratch directory, and what it prints
// and returns about them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'

const RUNNER = join(import.meta.dirname, 'run.ts')
const IMPORTS = "import assert from 'node:assert'\nimport { describe, test } from 'node:test'\n"

interface Run {
  status: number | null
  output: string
  lastLine: string
}

/** Runs the runner over `files`; `arguments_` are its own. */
function run(
  t: TestContext,
  files: Record<string, string>,
  arguments_: string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Run {
  const directory = mkdtempSync(join(tmpdir(), 'opendht-runner-'))
  t.after(() => rmSync(directory, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), `${IMPORTS}${text}\n`)
  }
  const { CI: _, ...inherited } = process.env
  const { status, stdout } = spawnSync(
    process.execPath,
    [RUNNER, `--dir=${directory}`, ...arguments_],
    { encoding: 'utf8', env: { ...inherited, ...environment } },
  )
  return { status, output: stdout, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' }
}

test('tests are counted, suites are not', (t) => {
  const result = run(t, {
    'unit/a.test.ts': "describe('s', () => { test('a', () => {}); test('b', () => {}) })",
    'b.test.ts': "test('p', async (t) => { await t.test('c', () => {}) })",
  })
  assert.equal(result.lastLine, '4 passed, 0 failed')
  assert.equal(result.status, 0)
  assert.ok(result.output.endsWith('failed\n'))
})

test('a failure is told with its file, line, path and error', (t) => {
  const result = run(t, {
    'unit/a.test.ts':
      "describe('outer', () => {\n test('sum', () => assert.equal(2, 3))\n})\ntest('b', () => {})",
  })
  assert.equal(result.lastLine, '1 passed, 1 failed')
  assert.equal(result.status, 1)
  assert.match(
    result.output,
    /1\) test\/unit\/a\.test\.ts:4 › outer › sum\n +AssertionError.*2 == 3/s,
  )
})

const SKIPS = "test('a', { skip: 'no radio' }, () => {})\ntest('b', (t) => t.skip('no sun'))"

test('a skipped test is shown with its reason and does not count as passed', (t) => {
  const result = run(t, { 'interop/a.test.ts': SKIPS })
  assert.match(
    result.output,
    /a\.test\.ts:3 › a: no radio\n.*a\.test\.ts:4 › b: no sun\n\n2 skipped\n/,
  )
  assert.equal(result.lastLine, '0 passed, 0 failed')
  assert.equal(result.status, 0)
})

test('a skipped test fails in continuous integration', (t) => {
  const result = run(t, { 'interop/a.test.ts': SKIPS }, [], { CI: 'true' })
  assert.match(result.output, /test\/interop\/a\.test\.ts:3 › a\n +skipped: no radio/)
  assert.equal(result.lastLine, '0 passed, 2 failed')
  assert.equal(result.status, 1)
})

test('a process that dies, hangs, runs nothing or fails late is a failure', (t) => {
  const result = run(
    t,
    {
      'unit/crashes.test.ts': "throw new Error('at load')",
      'unit/empty.test.ts': 'describe.name',
      'unit/hangs.test.ts': "test('wait', () => new Promise(() => {}))",
      'unit/late.test.ts': "test('a', () => { setTimeout(() => { throw new Error('late') }, 9) })",
      'unit/loops.test.ts': "test('a', () => { for (;;) {} })",
      'unit/leaves.test.ts': "test('a', () => process.exit(0))",
    },
    ['--timeout-s=2'],
  )
  assert.equal(result.lastLine, '1 passed, 6 failed')
  assert.equal(result.status, 1)
  assert.match(result.output, /crashes\.test\.ts\n +exited with code 1 before .*at load/s)
  assert.match(result.output, /empty\.test\.ts\n +ended without the result of any test/)
  assert.match(result.output, /hangs\.test\.ts\n +timed out after 2 s, still running: wait/)
  assert.match(result.output, /loops\.test\.ts\n +timed out after 2 s/)
  assert.match(result.output, /late\.test\.ts\n +exited with code 1 after its tests\n.*late/)
  assert.match(result.output, /leaves\.test\.ts\n +ended without the result of any test/)
})

test('a file may ask for a longer limit', (t) => {
  const text = "// test-timeout-s: 60\ntest('a', (t, done) => setTimeout(done, 1500))"
  const result = run(t, { 'unit/slow.test.ts': text }, ['--timeout-s=1'])
  assert.equal(result.lastLine, '1 passed, 0 failed')
})

test('groups and parts of paths select files; the real world comes last', (t) => {
  const files = Object.fromEntries(
    ['interop/x', 'e2e/x', 'unit/x', 'unit/y', 'z'].map((name) => [
      `${name}.test.ts`,
      "test('a', () => {})",
    ]),
  )
  const order = (output: string): string[] => output.match(/(?<=test\/)\S+(?=\.test\.ts)/g) ?? []
  const all = run(t, files, ['--jobs=1'])
  assert.deepEqual(order(all.output), ['z', 'unit/x', 'unit/y', 'e2e/x', 'interop/x'])
  const some = run(t, files, ['--jobs=1', 'unit', 'interop', '/x'])
  assert.deepEqual(order(some.output), ['unit/x', 'interop/x'])
  assert.equal(run(t, files, ['nothing']).lastLine, '0 passed, 1 failed')
})

test('what fails in the real world gets a second chance, and no third', (t) => {
  const failsOnce = (name: string): string => `
    import { existsSync, writeFileSync } from 'node:fs'
    test('a', () => {
      const isSecond = existsSync(import.meta.dirname + '/${name}')
      writeFileSync(import.meta.dirname + '/${name}', '')
      assert.ok(isSecond)
    })`
  const once = run(t, { 'e2e/a.test.ts': failsOnce('a'), 'e2e/b.test.ts': "test('b', () => {})" })
  assert.deepEqual([once.lastLine, once.status], ['2 passed, 0 failed', 0])
  assert.match(once.output, /FAIL +test\/e2e\/a.+e2e\/a\.test\.ts:\d+ › a.+ok +test\/e2e\/a/s)
  const never = run(t, { 'interop/a.test.ts': "test('a', () => assert.fail())" })
  assert.deepEqual([never.lastLine, never.status], ['0 passed, 1 failed', 1])
  const unit = run(t, { 'unit/a.test.ts': failsOnce('a') })
  assert.equal(unit.lastLine, '0 passed, 1 failed')
})

test('a file that wants the machine for itself runs when the others are done', (t) => {
  const sleep = "import { setTimeout } from 'node:timers/promises'\n"
  const result = run(t, {
    'e2e/a.test.ts': "// test-alone\ntest('a', () => {})",
    'e2e/b.test.ts': `${sleep}test('b', () => setTimeout(300))`,
  })
  const files = [...result.output.matchAll(/^ok +\S*(.)\.test\.ts/gm)].map(([, name]) => name)
  assert.deepEqual(files, ['b', 'a'])
})

test('a file that only waits runs beside as many others as ever', (t) => {
  const sleep = "import { setTimeout } from 'node:timers/promises'\n"
  const result = run(
    t,
    {
      'e2e/a.test.ts': `${sleep}// test-waits\ntest('a', () => setTimeout(3000))`,
      'e2e/b.test.ts': "test('b', () => {})",
      'e2e/c.test.ts': "test('c', () => {})",
    },
    ['--jobs=1'],
  )
  const files = [...result.output.matchAll(/^ok +\S*(.)\.test\.ts/gm)].map(([, name]) => name)
  assert.deepEqual(files, ['b', 'c', 'a'])
})
