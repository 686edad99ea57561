// SPDX-License-Identifier: MIT
// Reporter loaded into every test process by run-file.ts: one JSON line per test event, so that
// the parent can count and print them. It must not write anything else to its destination.

import { inspect } from 'node:util'
import type { TestEvent } from './outcome.ts'

const ERROR_CHARS_MAX = 6000
const NODE_SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

interface SourceEvent {
  type: string
  data: {
    name?: string
    nesting?: number
    line?: number
    skip?: string | boolean
    todo?: string | boolean
    message?: string
    details?: { type?: string; error?: Error & { failureType?: string } }
  }
}

export default async function* report(source: AsyncIterable<SourceEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const reported = translate(event)
    if (reported !== undefined) yield `${JSON.stringify(reported)}\n`
  }
}

function translate({ type, data }: SourceEvent): TestEvent | undefined {
  const place = { name: data.name ?? '', nesting: data.nesting ?? 0, line: data.line ?? 0 }
  switch (type) {
    case 'test:dequeue':
      return { kind: 'started', ...place }
    case 'test:pass':
    case 'test:fail': {
      const { details, skip, todo } = data
      return {
        kind: type === 'test:pass' ? 'passed' : 'failed',
        ...place,
        isSuite: details?.type === 'suite',
        skip: reasonOf('skip', skip) ?? reasonOf('todo', todo),
        failureType: details?.error?.failureType,
        error: details?.error === undefined ? undefined : describeError(details.error),
      }
    }
    case 'test:diagnostic':
      if (NODE_SUMMARY.test(data.message ?? '')) return undefined
      return { kind: 'note', text: data.message ?? '' }
    case 'test:summary':
      return { kind: 'finished' }
    default:
      return undefined
  }
}

function reasonOf(label: string, value: string | boolean | undefined): string | undefined {
  if (value === undefined || value === false) return undefined
  const reason = typeof value === 'string' && value !== '' ? value : 'no reason given'
  return label === 'skip' ? reason : `${label}: ${reason}`
}

/** The runner wraps what a test threw: show the thrown value, without frames inside Node. */
function describeError(error: Error): string {
  const thrown = error.cause ?? error
  const text = thrown instanceof Error ? inspect(thrown, { depth: 4 }) : String(thrown)
  const lines = text
    .split('\n')
    .filter((line) => !/^\s+at .*node:(internal|async_hooks)/.test(line))
  return lines.join('\n').slice(0, ERROR_CHARS_MAX)
}
