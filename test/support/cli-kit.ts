// SPDX-License-Identifier: MIT
// What the tests of the command line programs share: our programs as commands, a run from start to
// end, folders for files.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'

/** A tool of ours from its sources. */
export const TOOL = (name: string): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL(`../../src/cli/${name}.ts`, import.meta.url)),
]

export const DHTNODE = TOOL('dhtnode')
export const NPM_START = TOOL('npm-start')

export interface ProgramRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program from start to end, with this standard input. */
export async function runProgram(command: readonly string[], input = ''): Promise<ProgramRun> {
  const child = startChild(command)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.end(input)
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}

/** Removed at the end of the test. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dhtnode-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
