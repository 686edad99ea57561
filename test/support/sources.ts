// SPDX-License-Identifier: MIT
// The project's own TypeScript files, and the size ratchet over them. Used by the tidy test and by
// tidy-ratchet.ts.

import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { functionsOf, type SourceViews, viewsOf } from './source-scan.ts'

export const FILE_LINES_SOFT = 400
export const FILE_LINES_HARD = 600
export const FUNCTION_LINES_SOFT = 60

const ROOT = resolve(import.meta.dirname, '../..')
const RATCHET_PATH = join(ROOT, 'test/tidy-ratchet.json')

export interface Source {
  /** From the root of the repository, with forward slashes. */
  path: string
  text: string
  /** Number of lines. */
  lines: number
  views: SourceViews
  isGenerated: boolean
}

/** What is longer than the soft limits: `path` or `path#function` to its number of lines. */
export interface Ratchet {
  files: Record<string, number>
  functions: Record<string, number>
}

const PATTERNS = [
  '{src,test}/**/*.ts',
  'bench/*.ts',
  'bench/!(node_modules)/*.ts',
  '{dashboard,examples}/**/*.{ts,tsx}',
]

export function readSources(): Source[] {
  const paths = globSync(PATTERNS, {
    cwd: ROOT,
  }).sort()
  return paths.map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const lines = text.replace(/\n$/, '').split('\n').length
    const isGenerated = path.endsWith('.gen.ts')
    return { path: path.replaceAll('\\', '/'), text, lines, views: viewsOf(text), isGenerated }
  })
}

/** Functions count in src/ only: a long test is a list of steps. */
export function measure(sources: readonly Source[]): Ratchet {
  const ratchet: Ratchet = { files: {}, functions: {} }
  for (const { path, lines, views, isGenerated } of sources) {
    if (isGenerated) continue
    if (lines > FILE_LINES_SOFT) ratchet.files[path] = lines
    if (!path.startsWith('src/')) continue
    for (const { name, lines } of functionsOf(views)) {
      const key = `${path}#${name}`
      if (lines <= FUNCTION_LINES_SOFT) continue
      ratchet.functions[key] = Math.max(lines, ratchet.functions[key] ?? 0)
    }
  }
  return ratchet
}

export function readRatchet(): Ratchet {
  return JSON.parse(readFileSync(RATCHET_PATH, 'utf8')) as Ratchet
}

export { RATCHET_PATH }
