// SPDX-License-Identifier: MIT
// test-timeout-s: 600
// The Python package as its users get it: built, installed into a new virtual environment, and
// tested there with pytest. Its tests are in python/tests.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { followGuide } from '../support/follow-guide.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Of one program: less than of all, so that it can be said what it printed. */
const LIMIT_MS = 450_000
const work = mkdtempSync(join(tmpdir(), 'opendht-python-test-'))
const dist = join(work, 'dist')
const python = join(work, 'venv', 'bin', 'python')
const environment = { ...process.env, OPENDHT_NODE: process.execPath, PYTHONDONTWRITEBYTECODE: '1' }
const missing = whatIsMissing()

before(() => {
  if (missing !== undefined) return
  run(process.execPath, join(ROOT, 'scripts/build-python.js'), `--out=${dist}`)
  run(python, '-m', 'pip', 'install', '-q', join(dist, wheel()))
})
after(() => rmSync(work, { recursive: true }))

test('the wheel has one version with the JavaScript package', (t) => {
  if (missing !== undefined) return t.skip(missing)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.equal(wheel(), `opendht-${version}-py3-none-any.whl`)
  assert.deepEqual(readdirSync(dist).sort(), [wheel(), `opendht-${version}.tar.gz`])
})

test('the wheel has the bundle that was made last, and nothing else of JavaScript', (t) => {
  if (missing !== undefined) return t.skip(missing)
  const stamp = readFileSync(join(ROOT, 'python/opendht/_bridge/sources.json'))
  const code = `
import pathlib, opendht, sys
folder = pathlib.Path(opendht.__file__).parent / '_bridge'
assert sorted(it.name for it in folder.iterdir()) == sys.argv[1:]
sys.stdout.buffer.write((folder / 'sources.json').read_bytes())`
  const files = ['THIRD-PARTY-NOTICES.txt', 'main.mjs', 'sources.json']
  assert.deepEqual(run(python, '-c', code, ...files), stamp.toString())
})

test('the tests of the package pass in a new virtual environment', (t) => {
  if (missing !== undefined) return t.skip(missing)
  const tests = join(work, 'python', 'tests')
  cpSync(join(ROOT, 'python/tests'), tests, { recursive: true })
  cpSync(join(ROOT, 'python/README.md'), join(work, 'python', 'README.md'))
  const strict =
    process.env.CI === 'true' ? ['--strict-markers', '-W', 'error::ResourceWarning'] : []
  const plain = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider']
  const output = run(python, ...plain, ...strict, tests)
  t.diagnostic(output.trim().split('\n').at(-1)!)
  if (process.env.CI === 'true') assert.doesNotMatch(output, /\d skipped/)
})

test('the guide can be followed', (t) => {
  if (missing !== undefined) return t.skip(missing)
  const folder = join(work, 'guide')
  mkdirSync(folder)
  const bin = [dirname(python), dirname(process.execPath)]
  return followGuide(t, 'docs/guides/python.md', { folder, bin })
})

function wheel(): string {
  return readdirSync(dist).find((name) => name.endsWith('.whl')) ?? ''
}

/** Makes the virtual environment, with what does not come from here. */
function whatIsMissing(): string | undefined {
  const options = { env: environment, stdio: 'ignore' } as const
  const made = spawnSync('python3', ['-m', 'venv', join(work, 'venv')], options)
  if (made.status !== 0)
    return 'needs python3 with venv, for a place to install the wheel: install python3-venv'
  const packages = ['-m', 'pip', 'install', '-q', 'pytest', 'msgpack']
  if (spawnSync(python, packages, options).status !== 0)
    return 'needs pip to fetch pytest and msgpack, and its index cannot be reached'
  return undefined
}

function run(command: string, ...parameters: string[]): string {
  const options = { cwd: work, encoding: 'utf8', env: environment, timeout: LIMIT_MS } as const
  const { status, stdout, stderr, error } = spawnSync(command, parameters, options)
  assert.equal(status, 0, `${command} ${parameters.join(' ')}\n${stdout}${stderr}${error ?? ''}`)
  return stdout
}
