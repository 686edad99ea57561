// SPDX-License-Identifier: MIT
// `scripts/release VERSION`, where VERSION is `patch`, `minor`, `major` or a number: checks
// everything, writes the version where it belongs, closes the section of the change log, commits
// and tags. Pushing the tag, the one thing that cannot be taken back, is left to you: the workflow
// .github/workflows/release.yml then publishes. Options:
//   --dry-run      says what it would do, and changes nothing
//   --skip-checks  for a commit whose checks have passed already

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const UNRELEASED = '## Unreleased'
/** All through npm, which finds the Node.js of the project: scripts need a newer one than users. */
const CHECKS = [
  ['npm', 'ci', '--no-audit', '--no-fund'],
  ['npm', 'test'],
  ['npm', 'run', 'docs'],
  ['npm', 'run', 'test:runtimes'],
  ['npm', 'run', 'build:python'],
]
const COMMITTED = [
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  'python/opendht/_version.py',
]

try {
  main()
} catch (error) {
  console.error(`Not released: ${error.message}`)
  process.exitCode = 1
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, 'skip-checks': { type: 'boolean' } },
  })
  const isDry = values['dry-run'] ?? false
  const { version: present } = JSON.parse(read('package.json'))
  const version = nextVersion(present, positionals)
  const tag = `v${version}`
  assertReady(tag)
  const edits = editsFor(version)

  const step = isDry ? (...command) => console.log(`would run: ${command.join(' ')}`) : run
  console.log(`${present} -> ${version}`)
  if (!values['skip-checks']) for (const command of CHECKS) step(...command)
  for (const [path, text] of edits) {
    if (isDry) console.log(`would write: ${path}`)
    else writeFileSync(path, text)
  }
  step('git', 'commit', '--message', `release: ${version}`, '--', ...COMMITTED)
  step('git', 'tag', '--annotate', tag, '--message', tag)
  console.log(`Publish it with: git push --atomic origin HEAD ${tag}`)
}

function nextVersion(present, [wanted, ...rest]) {
  if (wanted === undefined || rest.length > 0) throw new Error('expected one VERSION')
  const [major, minor, patch] = present.split('.').map(Number)
  if (wanted === 'major') return `${major + 1}.0.0`
  if (wanted === 'minor') return `${major}.${minor + 1}.0`
  if (wanted === 'patch') return `${major}.${minor}.${patch + 1}`
  const numbers = /^(\d+)\.(\d+)\.(\d+)$/.exec(wanted)?.slice(1).map(Number)
  if (numbers === undefined) {
    throw new Error(`VERSION must be patch, minor, major or a number: got ${wanted}`)
  }
  const at = [major, minor, patch].findIndex((number, i) => number !== numbers[i])
  if (at >= 0 && numbers[at] < [major, minor, patch][at]) {
    throw new Error(`${wanted} is less than ${present}`)
  }
  return wanted
}

function assertReady(tag) {
  const changes = ask('git', 'status', '--porcelain')
  if (changes !== '') throw new Error(`the tree has changes:\n${changes}`)
  const branch = ask('git', 'branch', '--show-current')
  if (branch !== 'main') throw new Error(`this is ${branch || 'no branch'}, expected main`)
  if (ask('git', 'tag', '--list', tag) !== '') throw new Error(`there is a tag ${tag}`)
  const [, news = ''] = read('CHANGELOG.md').split(UNRELEASED)
  if (!/^- /m.test(news.split(/^## /m)[0])) {
    throw new Error(`CHANGELOG.md says nothing under "${UNRELEASED.slice(3)}"`)
  }
}

/** Paths and their new contents. */
function editsFor(version) {
  const today = new Date().toISOString().slice(0, 10)
  const lock = JSON.parse(read('package-lock.json'))
  lock.version = version
  lock.packages[''].version = version
  const manifest = replaced('package.json', /^( {2}"version": )".*"/m, `$1"${version}"`)
  return [
    ['package.json', manifest],
    ['package-lock.json', `${JSON.stringify(lock, undefined, 2)}\n`],
    [
      'CHANGELOG.md',
      replaced('CHANGELOG.md', UNRELEASED, `${UNRELEASED}\n\n## ${version} - ${today}`),
    ],
    [
      'python/opendht/_version.py',
      replaced('python/opendht/_version.py', /^(__version__ = )'.*'/m, `$1'${version}'`),
    ],
  ]
}

function replaced(path, pattern, replacement) {
  const text = read(path)
  const changed = text.replace(pattern, replacement)
  if (changed === text && !text.includes(replacement)) throw new Error(`${path} has no ${pattern}`)
  return changed
}

function read(path) {
  return readFileSync(resolve(path), 'utf8')
}

function ask(command, ...args) {
  const { status, stdout, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error}` : ''}`)
  return stdout.trim()
}

function run(command, ...args) {
  console.log(`$ ${command} ${args.join(' ')}`)
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}
