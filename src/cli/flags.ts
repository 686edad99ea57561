// SPDX-License-Identifier: MIT
// What a flag of a command line tool is. Each tool has one table of them, which parsing, --help,
// shell completions and man pages are made from.

export interface Flag {
  readonly short?: string
  /** Name of the argument in --help; a flag without one is a switch. */
  readonly argument?: string
  /** Whether all occurrences count, not only the last one. */
  readonly isRepeated?: true
  /** What may stand there, if there are only so many possibilities. */
  readonly choices?: readonly string[]
  /** Lines in --help; without any, the flag is not listed. */
  readonly help?: readonly string[]
}

/** In the order of --help. */
export type FlagTable = Readonly<Record<string, Flag>>
