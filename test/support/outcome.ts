// SPDX-License-Identifier: MIT
// What one test file did, folded from its events and the way its process ended, and the report
// over all files. Pure functions: the processes are run-file.ts, the command line is run.ts.

export type TestEvent =
  | { kind: 'started'; name: string; nesting: number; line: number }
  | {
      kind: 'passed' | 'failed'
      name: string
      nesting: number
      line: number
      isSuite: boolean
      skip: string | undefined
      failureType: string | undefined
      error: string | undefined
    }
  | { kind: 'note'; text: string }
  | { kind: 'finished' }

/** How the process of a test file ended. */
export interface ProcessEnd {
  code: number | null
  signal: string | null
  /** Set when the process was killed because it ran longer than this. */
  timeoutMs?: number
  /** The end of what the process printed. */
  output: string
}

export interface Problem {
  /** File and test name, for people. */
  where: string
  text: string
}

export interface Outcome {
  file: string
  passed: number
  failures: Problem[]
  skips: Problem[]
  notes: string[]
}

type ResultEvent = Extract<TestEvent, { kind: 'passed' | 'failed' }>

/** A skipped test is a failure when `isSkipFailure` is set, as in continuous integration. */
export function outcomeOf(
  file: string,
  events: readonly TestEvent[],
  end: ProcessEnd,
  isSkipFailure: boolean,
): Outcome {
  const outcome: Outcome = { file, passed: 0, failures: [], skips: [], notes: [] }
  const results = withPaths(events)
  for (const { event, path } of results) {
    const where = `${file}:${event.line} › ${path}`
    if (event.skip !== undefined) {
      outcome.skips.push({ where, text: event.skip })
      if (isSkipFailure) outcome.failures.push({ where, text: `skipped: ${event.skip}` })
    } else if (event.kind === 'passed') {
      if (!event.isSuite) outcome.passed++
    } else if (event.failureType !== 'subtestsFailed') {
      outcome.failures.push({ where, text: event.error ?? 'failed' })
    }
  }
  for (const event of events) if (event.kind === 'note') outcome.notes.push(event.text)
  const broken = brokenProcess(events, end, results.length, outcome.failures.length)
  if (broken !== undefined) {
    const output = end.output.trim()
    outcome.failures.push({ where: file, text: output === '' ? broken : `${broken}\n${output}` })
  }
  return outcome
}

/** The closing lines; the last one is the contract with whoever reads the log by machine. */
export function renderReport(outcomes: readonly Outcome[]): string {
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  const skips = outcomes.flatMap((outcome) => outcome.skips)
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  const lines: string[] = []
  if (failures.length > 0) lines.push('', 'Failures:', renderFailures(failures))
  if (skips.length > 0) lines.push('', 'Skipped:')
  for (const { where, text } of skips) lines.push(`- ${where}: ${text}`)
  lines.push('', `${skips.length} skipped`, `${passed} passed, ${failures.length} failed`)
  return `${lines.join('\n')}\n`
}

export function renderFailures(failures: readonly Problem[]): string {
  return failures
    .map(({ where, text }, index) => `\n${index + 1}) ${where}\n${indent(text)}\n`)
    .join('')
}

/** Children are reported before their parent: walk backwards to name each one by its path. */
function withPaths(events: readonly TestEvent[]): { event: ResultEvent; path: string }[] {
  const parents: string[] = []
  const results: { event: ResultEvent; path: string }[] = []
  for (const event of events.toReversed()) {
    if (event.kind !== 'passed' && event.kind !== 'failed') continue
    parents.length = event.nesting
    parents[event.nesting] = event.name
    results.push({ event, path: parents.filter((name) => name !== undefined).join(' › ') })
  }
  return results.reverse()
}

/** Says what went wrong outside the tests of a file, if anything did. */
function brokenProcess(
  events: readonly TestEvent[],
  end: ProcessEnd,
  results: number,
  failures: number,
): string | undefined {
  if (end.timeoutMs !== undefined) {
    const running = unfinished(events)
    const names = running.length === 0 ? '' : `, still running: ${running.join(', ')}`
    return `timed out after ${end.timeoutMs / 1000} s${names}`
  }
  if (end.signal !== null) return `killed by ${end.signal}`
  if (end.code === 0 && results === 0) return 'ended without the result of any test'
  if (!events.some((event) => event.kind === 'finished')) {
    return `exited with code ${end.code} before its tests were done`
  }
  if (end.code === 0 || failures > 0) return undefined
  // The runner tells of errors thrown after a test has ended in a note, and fails the process.
  const late = events.filter((event) => event.kind === 'note' && event.text.startsWith('Error: '))
  const texts = late.map((event) => (event.kind === 'note' ? `\n${event.text}` : ''))
  return `exited with code ${end.code} after its tests${texts.join('')}`
}

function unfinished(events: readonly TestEvent[]): string[] {
  const done = new Set<string>()
  for (const event of events) {
    if (event.kind === 'passed' || event.kind === 'failed') done.add(`${event.line} ${event.name}`)
  }
  return events
    .filter((event) => event.kind === 'started')
    .filter((event) => !done.has(`${event.line} ${event.name}`))
    .map((event) => event.name)
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '   ')
}
