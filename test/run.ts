// SPDX-License-Identifier: MIT
// The test runner: `node test/run.ts [options] [group or part of a path ...]`.
//
// Every `*.test.ts` below test/ runs in its own process under node:test. The folder is the group;
// files beside this one form the group `repo`. Groups that use real sockets and foreign programs
// run last. Two files run at a time; those with a comment line `// test-waits`, which hardly use
// the machine, run one by one beside them, and those with `// test-alone`, which need it for
// themselves, one by one at the end. A file of the real world that fails is run again, by itself,
// at the very end: a busy machine may delay foreign programs beyond any limit.
// Both results are printed; what fails twice counts. Options:
//   --checks       first build, lint and type-check the tests, and count a failure of these
//   --timeout-s=N  limit per file, 120 by default; a file raises its own with a comment line
//                  `// test-timeout-s: N`
//   --jobs=N       files at a time; --dir=D  where the tests are
// The last line printed is always `N passed, N failed`. With CI=true a skipped test is a failure.

import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Outcome, outcomeOf, renderFailures, renderReport } from './support/outcome.ts'
import { killAll, runFile } from './support/run-file.ts'

const ROOT = resolve(import.meta.dirname, '..')
const GROUPS_FIRST = ['repo', 'unit', 'property', 'vectors', 'conformance', 'fuzz', 'sim']
const GROUPS_LAST = ['e2e', 'interop']
/** When more files fail it is not by chance. */
const MAX_AGAIN = 3

interface TestFile {
  path: string
  group: string
  timeoutMs: number
  isAlone: boolean
  isWaiting: boolean
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checks: { type: 'boolean', default: false },
    dir: { type: 'string', default: import.meta.dirname },
    jobs: { type: 'string', default: '2' },
    'timeout-s': { type: 'string', default: '120' },
  },
})
const directory = resolve(options.dir)
const isSkipFailure = process.env.CI === 'true' || process.env.CI === '1'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll()
    process.exit(1)
  })
}
const outcomes = await main()
process.stdout.write(renderReport(outcomes))
if (outcomes.some(({ failures }) => failures.length > 0)) process.exitCode = 1

async function main(): Promise<Outcome[]> {
  const checks = options.checks ? runChecks() : []
  if (checks.some(({ file }) => file === 'build')) return checks
  const files = select(discover(), positionals)
  if (files.length === 0) return [failure('test', 'no test file matches')]
  const alone = files.filter(({ isAlone }) => isAlone)
  const waiting = files.filter(({ isWaiting }) => isWaiting)
  const others = files.filter((file) => !alone.includes(file) && !waiting.includes(file))
  const together = [runFiles(others, Number(options.jobs)), runFiles(waiting, 1)]
  const outcomes = [...(await Promise.all(together)).flat(), ...(await runFiles(alone, 1))]
  await repeatFailed(files, outcomes)
  return [...checks, ...outcomes]
}

/** Gives the few files of the real world that failed another chance, and the machine. */
async function repeatFailed(files: readonly TestFile[], outcomes: Outcome[]): Promise<void> {
  const failed = outcomes.filter(({ failures }) => failures.length > 0)
  const again = files.filter(
    ({ path, group }) =>
      GROUPS_LAST.includes(group) && failed.some(({ file }) => file === join('test', path)),
  )
  if (again.length > MAX_AGAIN) return
  for (const file of again) {
    const at = outcomes.findIndex((outcome) => outcome.file === join('test', file.path))
    process.stdout.write(`${renderFailures(outcomes[at]!.failures)}\nOnce more:\n`)
    outcomes[at] = await runOne(file)
  }
}

/** Returns the failures only: a check that passes is not a test that passed. */
function runChecks(): Outcome[] {
  const checks: [name: string, command: string, ...parameters: string[]][] = [
    ['build', 'tsc', '-b'],
    ['bundle', 'rolldown', '-c'],
    ['bundles for browsers', 'node', 'scripts/browser.js'],
    ['lint', 'biome', 'check', '--error-on-warnings', '.'],
    ['types of the tests', 'tsc', '-b', 'test'],
    ['types of the benchmarks', 'tsc', '-b', 'bench'],
    ['types of the dashboard', 'tsc', '-b', 'dashboard'],
  ]
  const failures: Outcome[] = []
  for (const [name, command, ...parameters] of checks) {
    const program = join(ROOT, 'node_modules', '.bin', command)
    const startedAt = performance.now()
    const { status, stdout, stderr } = spawnSync(program, parameters, {
      cwd: ROOT,
      encoding: 'utf8',
    })
    const isOk = status === 0
    printLine(isOk, name, '', startedAt)
    if (!isOk) failures.push(failure(name, `${stdout ?? ''}${stderr ?? ''}`.trim()))
    if (!isOk && name === 'build') break
  }
  return failures
}

function discover(): TestFile[] {
  const paths = globSync('**/*.test.ts', { cwd: directory }).sort()
  const files = paths.map((path) => {
    const group = /^([^/\\]+)[/\\]/.exec(path)?.[1] ?? 'repo'
    return { path, group, ...settingsOf(path) }
  })
  return files.sort((a, b) => rank(a.group) - rank(b.group))
}

function rank(group: string): number {
  const first = GROUPS_FIRST.indexOf(group)
  if (first >= 0) return first
  return GROUPS_FIRST.length + 1 + GROUPS_LAST.indexOf(group)
}

/** Group names widen the selection, anything else narrows it to paths that contain it. */
function select(files: TestFile[], filters: readonly string[]): TestFile[] {
  const known = new Set([...GROUPS_FIRST, ...GROUPS_LAST, ...files.map(({ group }) => group)])
  const groups = filters.filter((filter) => known.has(filter))
  const parts = filters.filter((filter) => !known.has(filter))
  return files.filter(
    ({ path, group }) =>
      (groups.length === 0 || groups.includes(group)) &&
      (parts.length === 0 || parts.some((part) => join('test', path).includes(part))),
  )
}

async function runFiles(files: readonly TestFile[], jobs: number): Promise<Outcome[]> {
  const done: Outcome[] = []
  const queue = files.values()
  const worker = async (): Promise<void> => {
    for (const file of queue) done.push(await runOne(file))
  }
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker))
  return done
}

async function runOne({ path, timeoutMs }: TestFile): Promise<Outcome> {
  const startedAt = performance.now()
  const file = join('test', path)
  const { events, end } = await runFile(join(directory, path), ROOT, timeoutMs)
  const outcome = outcomeOf(file, events, end, isSkipFailure)
  const { passed, failures, skips } = outcome
  const skipped = skips.length > 0 ? `, ${skips.length} skipped` : ''
  printLine(failures.length === 0, file, `${passed} passed${skipped}`, startedAt)
  for (const note of outcome.notes) process.stdout.write(`      # ${note}\n`)
  return outcome
}

function settingsOf(path: string): Omit<TestFile, 'path' | 'group'> {
  const text = readFileSync(join(directory, path), 'utf8')
  const ownTimeoutS = /^\/\/ test-timeout-s: (\d+)$/m.exec(text)?.[1]
  const timeoutMs = Number(ownTimeoutS ?? options['timeout-s']) * 1000
  const isAlone = /^\/\/ test-alone$/m.test(text)
  return { timeoutMs, isAlone, isWaiting: /^\/\/ test-waits$/m.test(text) }
}

function printLine(isOk: boolean, name: string, detail: string, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${isOk ? 'ok   ' : 'FAIL '} ${name.padEnd(48)} ${detail} (${seconds} s)\n`)
}

function failure(where: string, text: string): Outcome {
  return { file: where, passed: 0, failures: [{ where, text }], skips: [], notes: [] }
}
