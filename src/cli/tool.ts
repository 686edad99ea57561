// SPDX-License-Identifier: MIT
// What a command line tool is: its texts and flags, from which --help, man page and shell
// completions are made, and the way to run it. Tables load nothing that only running needs.

import type { FlagTable } from './flags.ts'
import type { Given } from './given.ts'
import type { OutputStream } from './screen.ts'

export interface ProgramStreams {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
}

export interface Tool {
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  /** Words after the flags, as in `URL`. */
  readonly operands?: {
    readonly usage: string
    readonly max: number
    readonly choices?: readonly string[]
  }
  /** Paragraphs, each one line of text. */
  readonly description: readonly string[]
  readonly examples: readonly { readonly what: string; readonly command: string }[]
  readonly flags: FlagTable
  /** Paragraphs below the flags. */
  readonly notes?: readonly string[]
  readonly exitStatuses: readonly ExitStatus[]
  /** Part of the `opendht` command only. */
  readonly isInternal?: true
  /** Resolves to the exit status. Throws UsageError, before anything has started. */
  run(given: Given, streams: ProgramStreams): Promise<number>
}

/** What to type to run it. */
export function commandOf({ name, isInternal }: Tool): string {
  return isInternal ? `opendht ${name}` : name
}

export interface ExitStatus {
  readonly status: number
  readonly meaning: string
}

export const USAGE_STATUS = 2
export const FAILED_STATUS = 3

export const ENDED: ExitStatus = { status: 0, meaning: 'normal end, also after Ctrl-C or SIGTERM' }
/** For tools that end by themselves. */
export const DONE: ExitStatus = { status: 0, meaning: 'done' }
export const NOT_STARTED: ExitStatus = { status: 1, meaning: 'the node could not start' }
export const WRONG_USAGE: ExitStatus = { status: USAGE_STATUS, meaning: 'wrong usage' }
/** Of tools that read commands: those of a script, which come through a pipe, decide. */
export const WRONG_SCRIPT: ExitStatus = {
  status: USAGE_STATUS,
  meaning: 'wrong usage, also in a command of a script (lines through a pipe)',
}
