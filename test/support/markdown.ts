// SPDX-License-Identifier: MIT
// The texts of the project, and what tests need of them: code blocks, links, anchors.

import { globSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const PLACES = ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'packaging/**/*.md', 'bench/*.md']

export interface CodeBlock {
  /** What stands behind the fence: a language, and perhaps a name. */
  readonly info: string
  readonly code: string
}

export function textPaths(): string[] {
  const paths = globSync(PLACES, { cwd: ROOT, exclude: (path) => /node_modules/.test(`${path}`) })
  return paths.map((path) => path.split(sep).join('/')).sort()
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function codeBlocks(text: string): CodeBlock[] {
  const blocks = text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)
  return [...blocks].map(([, info = '', code = '']) => ({ info, code }))
}

/** Targets of links and images; not what looks like one in code. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** Those of headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)) {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
    const base = words.trim().replaceAll(' ', '-')
    let anchor = base
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`
    anchors.add(anchor)
  }
  return anchors
}
