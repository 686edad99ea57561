// SPDX-License-Identifier: MIT
// What shells complete behind a tool: its flags, and what stands behind a flag.

import type { Flag } from '../flags.ts'
import type { Tool } from '../tool.ts'

/** A flag as scripts need it. */
export interface FlagWord {
  readonly long: string
  readonly short: string | undefined
  readonly help: string
  readonly argument: Argument | undefined
  readonly isRepeated: boolean
}

/** What stands behind a flag: the name of a file or host, one of some words, or anything. */
export type Argument =
  | { readonly kind: 'file' | 'host' | 'any'; readonly name: string }
  | { readonly kind: 'choice'; readonly name: string; readonly choices: readonly string[] }

/** Those that are served and explained. */
export function flagWords({ flags }: Tool): FlagWord[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    if (flag.help === undefined) return []
    const help = firstClause(flag.help.join(' '))
    const short = flag.short && `-${flag.short}`
    const isRepeated = flag.isRepeated === true
    return { long: `--${name}`, short, help, argument: of(flag), isRepeated }
  })
}

function of({ argument, choices }: Flag): Argument | undefined {
  if (argument === undefined) return undefined
  if (choices !== undefined) return { kind: 'choice', name: argument, choices }
  const isFile = argument === 'FILE' || argument === 'PREFIX'
  return { kind: isFile ? 'file' : argument.startsWith('HOST') ? 'host' : 'any', name: argument }
}

function firstClause(help: string): string {
  return help.split(/[;.] /)[0] ?? help
}
