// SPDX-License-Identifier: MIT
// Links of all texts, without a network: files that are there and in the package, headings that are
// there, and addresses elsewhere that are well-formed. Every page is found from the first one.

import assert from 'node:assert/strict'
import { existsSync, globSync, statSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { test } from 'node:test'
import { anchorsOf, linksOf, readText, textPaths } from '../support/markdown.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const texts = textPaths()

/** A path in the project, and the heading. */
function targetOf(from: string, link: string): { path: string; anchor: string | undefined } {
  const [path = '', anchor] = link.split('#')
  return { path: path === '' ? from : posix.join(posix.dirname(from), path), anchor }
}

const isElsewhere = (link: string): boolean => /^\w+:/.test(link)

test('links lead to files and headings that are there', () => {
  const broken: string[] = []
  let count = 0
  for (const from of texts) {
    for (const link of linksOf(readText(from)).filter((it) => !isElsewhere(it))) {
      count++
      const { path, anchor } = targetOf(from, link)
      if (path.startsWith('..') || !existsSync(join(ROOT, path))) broken.push(`${from}: ${link}`)
      else if (anchor !== undefined && !anchorsOf(readText(path)).has(anchor)) {
        broken.push(`${from}: ${link} names no heading`)
      }
    }
  }
  assert.deepEqual(broken, [])
  assert.ok(count > 100, `${count} links`)
})

test('links to other places are encrypted and well-formed', () => {
  for (const from of texts) {
    for (const link of linksOf(readText(from)).filter(isElsewhere)) {
      assert.equal(new URL(link).protocol, 'https:', `${from}: ${link}`)
    }
  }
})

test('files that texts name are there', () => {
  const missing: string[] = []
  let count = 0
  for (const from of texts.filter((path) => path !== 'CHANGELOG.md')) {
    const named = readText(from).matchAll(/`((?:src|test|docs|scripts|packaging)\/[\w./-]+)`/g)
    for (const [, path = ''] of named) {
      count++
      if (!existsSync(join(ROOT, path))) missing.push(`${from}: ${path}`)
    }
  }
  assert.deepEqual(missing, [])
  assert.ok(count > 50, `${count} files`)
})

test('codes of errors that texts name are those of the sources', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => readText(path))
  const known = new Set(sources.join('\n').match(/\bERR_[A-Z_]+\b/g))
  const named = texts.flatMap((path) => readText(path).match(/\bERR_[A-Z_]+\b/g) ?? [])
  assert.deepEqual(
    named.filter((code) => !known.has(code)),
    [],
  )
  assert.ok(named.length > 10, `${named.length} codes`)
})

test('every page is found from the readme', () => {
  const found = new Set(['README.md'])
  for (const from of found) {
    for (const link of linksOf(readText(from)).filter((it) => !isElsewhere(it))) {
      const { path } = targetOf(from, link)
      if (path.endsWith('.md') && statSync(join(ROOT, path)).isFile()) found.add(path)
    }
  }
  // Those of benchmarks are not in the package, so nothing in it links there.
  const missing = texts.filter((path) => !found.has(path) && !path.startsWith('bench/'))
  assert.deepEqual(missing, [])
})

test('the table of contents leads to every guide, and says nothing twice', () => {
  const rows = [...readText('docs/README.md').matchAll(/^\| ([^|]+) \| (.+) \|$/gm)].slice(1)
  const wishes = rows.map(([, wish]) => wish)
  assert.deepEqual(wishes, [...new Set(wishes)])
  const pages = rows.map(([, , links = '']) => linksOf(links)[0])
  assert.deepEqual(pages, [...new Set(pages)])
  const guides = texts.filter((path) => path.startsWith('docs/guides/'))
  const missing = guides.filter((path) => !pages.includes(path.replace('docs/', '')))
  // The one that is named after the others, for when they do not help.
  assert.deepEqual(missing, ['docs/guides/troubleshooting.md'])
})
