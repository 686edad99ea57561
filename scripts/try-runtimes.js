// SPDX-License-Identifier: MIT
// `npm run test:runtimes -- [VERSION ...]`: runs the tests of the built package on every supported
// Node.js, which npm fetches as the package that has just the program. Needs a build and a network.
// Part of a release, and of every night; in daily tests only the Node.js of the system is tried.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
/** The first one is the minimum of package.json, the others are the latest of their lines. */
const VERSIONS = ['20.19.0', '22', '24', '26']
const TESTS = [
  'test/e2e/package.test.ts',
  'test/e2e/release.test.ts',
  'test/e2e/portability.test.ts',
  'test/e2e/guides.test.ts',
  'test/e2e/examples.test.ts',
]

const wanted = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'opendht-runtimes-'))
const failed = []
try {
  for (const version of wanted.length > 0 ? wanted : VERSIONS) {
    const path = fetchNode(version)
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    console.log(`Node.js ${stdout.trim()}`)
    const { status } = spawnSync(process.execPath, ['test/run.ts', ...TESTS], {
      cwd: ROOT,
      env: { ...process.env, OLDEST_NODE: path },
      stdio: 'inherit',
    })
    if (status !== 0) failed.push(stdout.trim())
  }
} finally {
  rmSync(folder, { recursive: true })
}
if (failed.length > 0) {
  console.error(`Failed on ${failed.join(', ')}`)
  process.exitCode = 1
}

/** The package of this platform has no scripts, unlike the one that installs it. */
function fetchNode(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const place = join(folder, version)
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), '{ "private": true }')
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`],
    { cwd: place, encoding: 'utf8', shell: process.platform === 'win32' },
  )
  const program = join(
    place,
    'node_modules',
    name,
    'bin',
    `node${platform === 'win' ? '.exe' : ''}`,
  )
  if (status !== 0 || !existsSync(program))
    throw new Error(`npm has no ${name}@${version}: ${stderr}`)
  return program
}
