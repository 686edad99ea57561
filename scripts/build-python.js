// SPDX-License-Identifier: MIT
// `npm run build:python`: wheel and source package in python/dist, with `python -m build` in a
// virtual environment of its own, from a copy of the sources. Options: --python=PROGRAM, --out=DIR.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleBridge, isFresh } from './bundle-bridge.js'

const ROOT = resolve(import.meta.dirname, '..')
const SOURCES = join(ROOT, 'python')
/** What is not part of the package, or was made of it. */
const LEFT_OUT = /(^|[/\\])(dist|build|__pycache__|\.\w+_cache|[^/\\]*\.egg-info)$/

const { values } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, out: { type: 'string' } },
})
const out = resolve(values.out ?? join(SOURCES, 'dist'))

if (!isFresh()) await bundleBridge()
const work = mkdtempSync(join(tmpdir(), 'opendht-python-'))
try {
  const copy = join(work, 'python')
  cpSync(SOURCES, copy, { recursive: true, filter: (path) => !LEFT_OUT.test(path) })
  cpSync(join(ROOT, 'LICENSE'), join(copy, 'LICENSE'))
  run(values.python, '-m', 'venv', join(work, 'venv'))
  const bin = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'
  const python = join(work, 'venv', bin)
  run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'build')
  const made = join(work, 'dist')
  run(python, '-m', 'build', '--outdir', made, copy)
  if (existsSync(out)) {
    for (const file of readdirSync(out)) {
      if (/\.(whl|tar\.gz)$/.test(file)) rmSync(join(out, file))
    }
  }
  mkdirSync(out, { recursive: true })
  cpSync(made, out, { recursive: true })
} finally {
  rmSync(work, { recursive: true })
}

function run(command, ...parameters) {
  const { status, error, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8' })
  if (status === 0) return
  const output = `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`
  throw new Error(`${command} ${parameters.join(' ')} failed:\n${output}`)
}
