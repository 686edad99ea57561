// SPDX-License-Identifier: MIT
// The script that makes a release, in a copy of the files that it changes and with a git that only
// notes what it is told; and the workflow that publishes, as far as its commands are known here.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')
const FILES = [
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  'python/opendht/_version.py',
  'scripts/release',
  'scripts/release.js',
]
const GIT = `#!/bin/sh
echo "$*" >> git-calls
case "$1" in
  status) printf %s "$GIT_STATUS" ;;
  branch) printf %s "\${GIT_BRANCH:-main}" ;;
esac
`
const CHANGES = '## Unreleased\n\n### Features\n\n- Something new.\n\n## 0.0.1\n\n- Old.\n'

interface Copy {
  release(args: readonly string[], env?: Record<string, string>): { status: number; output: string }
  read(path: string): string
  /** What git was told to do, not what it was asked. */
  changes(): string[]
}

function copyProject(t: TestContext): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'opendht-release-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const file of FILES) cpSync(join(ROOT, file), join(folder, file), { recursive: true })
  writeFileSync(join(folder, 'CHANGELOG.md'), CHANGES)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'git'), GIT)
  chmodSync(join(bin, 'git'), 0o755)
  const path = [bin, join(process.execPath, '..'), process.env['PATH']].join(delimiter)
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  return {
    release(args, env = {}) {
      const { status, stdout, stderr } = spawnSync(join(folder, 'scripts/release'), args, {
        env: { ...process.env, ...env, PATH: path },
        encoding: 'utf8',
      })
      return { status: status!, output: `${stdout}${stderr}` }
    },
    read,
    changes: () =>
      read('git-calls')
        .split('\n')
        .filter((line) => /^(commit|tag --annotate|push)/.test(line)),
  }
}

test('a release writes the version everywhere, commits and tags, and pushes nothing', (t) => {
  const project = copyProject(t)
  const { status, output } = project.release(['7.8.9', '--skip-checks'])
  assert.equal(status, 0, output)
  assert.equal(JSON.parse(project.read('package.json')).version, '7.8.9')
  const lock = JSON.parse(project.read('package-lock.json'))
  assert.deepEqual([lock.version, lock.packages[''].version], ['7.8.9', '7.8.9'])
  assert.match(project.read('python/opendht/_version.py'), /^__version__ = '7\.8\.9'$/m)
  assert.match(
    project.read('CHANGELOG.md'),
    /^## Unreleased\n\n## 7\.8\.9 - \d{4}-\d\d-\d\d\n\n### Features\n/,
  )
  const [commit, tag, ...more] = project.changes()
  assert.match(commit!, /^commit --message release: 7\.8\.9 -- package\.json package-lock\.json /)
  assert.equal(tag, 'tag --annotate v7.8.9 --message v7.8.9')
  assert.deepEqual(more, [])
  assert.match(output, /git push --atomic origin HEAD v7\.8\.9/)
})

test('a manifest keeps its form', (t) => {
  const project = copyProject(t)
  assert.equal(project.release(['7.8.9', '--skip-checks']).status, 0)
  for (const [file, count] of [
    ['package.json', 1],
    ['package-lock.json', 2],
  ] as const) {
    const before = readFileSync(join(ROOT, file), 'utf8').split('\n')
    const changed = project
      .read(file)
      .split('\n')
      .filter((line, i) => line !== before[i])
    assert.equal(changed.length, count, changed.join('\n'))
  }
})

test('a dry run says what it would do, and does nothing', (t) => {
  const project = copyProject(t)
  const before = FILES.map((file) => project.read(file))
  const { status, output } = project.release(['minor', '--dry-run'])
  assert.equal(status, 0, output)
  assert.match(output, /would run: npm test\n/)
  const [checks = ''] = output.split('would write')
  // The others would run on the Node.js of the system, which may be too old for scripts.
  assert.doesNotMatch(checks, /would run: (?!npm )/)
  assert.match(output, /would write: CHANGELOG\.md\n/)
  assert.match(output, /would run: git tag --annotate v\d+\.\d+\.0 /)
  assert.deepEqual(
    FILES.map((file) => project.read(file)),
    before,
  )
  assert.deepEqual(project.changes(), [])
})

test('what is not ready is not released', (t) => {
  const project = copyProject(t)
  const refusals: [args: string[], env: Record<string, string>, reason: RegExp][] = [
    [[], {}, /expected one VERSION/],
    [['soon'], {}, /VERSION must be patch, minor, major or a number: got soon/],
    [['0.0.1'], {}, /0\.0\.1 is less than/],
    [['patch'], { GIT_STATUS: ' M README.md' }, /the tree has changes:\nM README\.md/],
    [['patch'], { GIT_BRANCH: 'work' }, /this is work, expected main/],
  ]
  for (const [args, env, reason] of refusals) {
    const { status, output } = project.release([...args, '--skip-checks'], env)
    assert.equal(status, 1)
    assert.match(output, reason)
  }
})

test('the workflow runs what is there, and publishes with provenance', () => {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
  const workflow = read('.github/workflows/release.yml')
  const { scripts } = JSON.parse(read('package.json'))
  for (const [, script = ''] of workflow.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
    assert.ok(script in scripts, script)
  }
  for (const [, path = ''] of workflow.matchAll(/(?:run: |-f )([\w.-]+\/[\w/.-]+)/g)) {
    assert.ok(existsSync(join(ROOT, path)), path)
  }
  assert.match(workflow, /npm publish --provenance --access public/)
  assert.match(workflow, /^permissions: \{\}$/m)
  assert.equal(workflow.match(/id-token: write/g)?.length, 2)
})

test('the versions of Node.js that are tried are those that are promised', () => {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
  const [, list = ''] = /^const VERSIONS = \[(.*)\]$/m.exec(read('scripts/try-runtimes.js')) ?? []
  const tried = list.split(', ').map((it) => it.replaceAll("'", ''))
  const minimum = JSON.parse(read('package.json')).engines.node.replace('>=', '')
  assert.equal(tried[0], `${minimum}.0`)
  const promised = [minimum, ...tried.slice(1)].join(', ')
  assert.ok(read('docs/compatibility.md').includes(`| Linux x64, arm64 | ${promised} |`), promised)
  assert.match(read('README.md'), new RegExp(`needs Node\\.js ${minimum} or later`))
})
