// SPDX-License-Identifier: MIT
// What can be fuzzed, and the inputs that each begins with: `seeds` of the target, and the lines of
// hex in ../corpus/guided/NAME.hex, which are inputs that once reached something or broke it.

import { existsSync, readFileSync } from 'node:fs'
import { fromHex } from '../../support/vectors.ts'

export interface FuzzTarget {
  /** Inputs to begin with. */
  seeds(): Uint8Array[] | Promise<Uint8Array[]>
  /** Throws, or rejects, when the input uncovers a bug. */
  run(input: Uint8Array): void | Promise<void>
  /** Words of the language of the inputs. */
  readonly dictionary?: readonly Uint8Array[]
  /** 4096 if not given. */
  readonly maxBytes?: number
}

export const TARGETS = [
  'decode',
  'engine',
  'where',
  'certificates',
  'keys',
  'state',
  'proxy-json',
] as const
export type TargetName = (typeof TARGETS)[number]

/** Loaded by name, so that coverage can begin to count before. */
export async function loadTarget(name: TargetName): Promise<FuzzTarget> {
  const { target } = (await import(`./targets/${name}.ts`)) as { target: FuzzTarget }
  return target
}

export function corpusFile(name: TargetName): URL {
  return new URL(`../corpus/guided/${name}.hex`, import.meta.url)
}

/** The committed inputs of a target; none for a new one. */
export function committedInputs(name: TargetName): Uint8Array[] {
  const file = corpusFile(name)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean)
    .map(fromHex)
}

/** The text of a vector file, numbers as they are written. */
export function vectorText(name: string): string {
  return readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')
}

/** Words of a text, by spaces. */
export function words(text: string): Uint8Array[] {
  return text.split(' ').map((word) => new TextEncoder().encode(word))
}
