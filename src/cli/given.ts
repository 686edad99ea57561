// SPDX-License-Identifier: MIT
// Reads a command line by the table of a tool the way getopt does (`-vp 4222`, `-p4222`,
// `--port=4222`), but stops at the first mistake with one clear line instead of going on without
// the flag.

import { parseArgs } from 'node:util'
import { suggestion } from '../core/util/nearest.ts'
import type { FlagTable } from './flags.ts'

/** What the user typed cannot be meant; the text is one line for standard error. */
export class UsageError extends Error {}

/** What a command line says. */
export class Given {
  readonly #flags: ReadonlyMap<string, readonly string[]>
  readonly operands: readonly string[]

  constructor(flags: ReadonlyMap<string, readonly string[]>, operands: readonly string[]) {
    this.#flags = flags
    this.operands = operands
  }

  has(name: string): boolean {
    return this.#flags.has(name)
  }

  /** The argument of the last occurrence; undefined without any. */
  last(name: string): string | undefined {
    return this.#flags.get(name)?.at(-1)
  }

  all(name: string): readonly string[] {
    return this.#flags.get(name) ?? []
  }

  /** Throws UsageError for an empty name. */
  file(name: string): string | undefined {
    const file = this.last(name)
    if (file === '') throw new UsageError(`Option --${name} needs a file name`)
    return file
  }

  /** A whole number in a range. Throws UsageError. */
  number(name: string, what: string, range: { min: number; max: number }): number | undefined {
    const text = this.last(name)
    if (text === undefined) return undefined
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= range.min && number <= range.max) return number
    throw new UsageError(`Invalid ${what}: ${text} (${range.min} to ${range.max})`)
  }
}

/** At most `maxOperands` words that are no flags. Throws UsageError. */
export function readArguments(args: readonly string[], table: FlagTable, maxOperands = 0): Given {
  const { tokens } = parseArgs({
    args: [...args],
    options: parseOptions(table),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const flags = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const { name } = token
    checkOption(token, table)
    // `-b=host` is what some scripts say; getopt hands over the equals sign.
    const value = (token.value ?? '').replace(/^=/, '')
    flags.set(name, [...(flags.get(name) ?? []), value])
  }
  if (operands.length > maxOperands) {
    throw new UsageError(`Unexpected argument: ${operands[maxOperands]}`)
  }
  return new Given(flags, operands)
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

function checkOption({ name, rawName, value }: OptionToken, table: FlagTable): void {
  const flag = Object.hasOwn(table, name) ? table[name] : undefined
  if (flag === undefined) throw new UsageError(`Unknown option: ${rawName}${hint(rawName, table)}`)
  if (flag.argument !== undefined && value === undefined) {
    throw new UsageError(`Option ${rawName} needs an argument: --${name} ${flag.argument}`)
  }
  if (flag.argument === undefined && value !== undefined) {
    throw new UsageError(`Option ${rawName} takes no argument: got ${value}`)
  }
  if (flag.choices !== undefined && !flag.choices.includes(value ?? '')) {
    const choices = flag.choices.join(', ')
    throw new UsageError(`Invalid argument of ${rawName}: ${value} (one of ${choices})`)
  }
}

function hint(rawName: string, table: FlagTable): string {
  if (rawName.startsWith('--')) {
    const name = rawName.slice(2)
    const names = Object.keys(table)
    // The beginning says more than the middle: --log is rather --logfile than --syslog.
    for (const isMeant of [
      (it: string) => it.startsWith(name),
      (it: string) => it.includes(name),
    ]) {
      const longer = names.filter((it) => name.length > 2 && isMeant(it))
      if (longer.length === 1) return `. Did you mean --${longer[0]}?`
    }
    return suggestion(name, names, '--')
  }
  // The manual of OpenDHT's tool lists letters that it does not take: often the other case works.
  const letters = Object.values(table).flatMap(({ short }) => short ?? [])
  const other = letters.find((it) => it.toLowerCase() === rawName.slice(1).toLowerCase())
  return other === undefined ? '' : `. Did you mean -${other}?`
}

type ParseOptions = Record<string, { type: 'boolean' | 'string'; short?: string }>

function parseOptions(table: FlagTable): ParseOptions {
  const entries = Object.entries(table).map(([name, { short, argument }]) => [
    name,
    { type: argument === undefined ? 'boolean' : 'string', ...(short && { short }) },
  ])
  return Object.fromEntries(entries) as ParseOptions
}
