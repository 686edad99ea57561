// SPDX-License-Identifier: MIT
// Runs one test file in a process of its own, with a time limit. The process leads a process
// group, so that whatever a test started and forgot dies with it.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessEnd, TestEvent } from './outcome.ts'

const OUTPUT_CHARS_MAX = 8000
const REPORTER = join(import.meta.dirname, 'event-reporter.ts')
const running = new Set<ChildProcess>()

export interface FileRun {
  events: TestEvent[]
  end: ProcessEnd
}

/** Runs `path` (relative to `cwd`) and kills it after `timeoutMs`. */
export async function runFile(path: string, cwd: string, timeoutMs: number): Promise<FileRun> {
  const scratch = mkdtempSync(join(tmpdir(), 'opendht-test-'))
  const eventsPath = join(scratch, 'events')
  const outputPath = join(scratch, 'output')
  const output = openSync(outputPath, 'w')
  try {
    const child = spawn(
      process.execPath,
      [`--test-reporter=${REPORTER}`, `--test-reporter-destination=${eventsPath}`, path],
      { cwd, detached: true, stdio: ['ignore', output, output] },
    )
    const end = await ending(child, timeoutMs)
    end.output = readText(outputPath).slice(-OUTPUT_CHARS_MAX)
    return { events: parseEvents(readText(eventsPath)), end }
  } finally {
    closeSync(output)
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** For signal handlers: ends every test process that is still running. */
export function killAll(): void {
  for (const child of running) killGroup(child)
}

function ending(child: ChildProcess, timeoutMs: number): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    let isLate = false
    running.add(child)
    const timer = setTimeout(() => {
      isLate = true
      killGroup(child)
    }, timeoutMs)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      killGroup(child)
      resolve({ code, signal, output: '', ...(isLate ? { timeoutMs } : {}) })
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is gone already, which is the usual case; or the platform has no groups.
    child.kill('SIGKILL')
  }
}

/** The last line may be cut off when the process was killed. */
function parseEvents(text: string): TestEvent[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as TestEvent)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // Never created: the process died before it wrote anything.
  }
}
