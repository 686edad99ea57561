// SPDX-License-Identifier: MIT
// Every TypeScript example of the texts compiles with `strict`, against the built package, and so
// does every script for browsers. Those of guides run in guides.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { codeBlocks, readText, textPaths } from '../support/markdown.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** What examples without imports go on with: the part of a text before them. */
const CONTEXT: Readonly<Record<string, string>> = {
  node: 'DhtRunner',
  other: 'DhtRunner',
  alicesId: 'InfoHash',
}
/** What scripts of pages have around them. */
const PAGE = `declare const opendht: typeof import('opendht/proxy/client')
declare const proxy: string
declare const registration: ServiceWorkerRegistration
`
const IMPORTS = "import { DhtRunner, InfoHash } from 'opendht'"

test('examples compile in strict mode', (t) => {
  const folder = newFolder(t)
  let count = 0
  for (const text of textPaths()) {
    const blocks = codeBlocks(readText(text)).filter(({ info }) => info === 'ts')
    for (const [i, { code }] of blocks.entries()) {
      writeFileSync(join(folder, `${text.replaceAll('/', '-')}-${i}.ts`), completed(code))
      count++
    }
  }
  assert.ok(count >= 20, `${count} examples`)
  assertCompiles(folder, { lib: ['ESNext'] })
})

test('examples for browsers compile, too', (t) => {
  const folder = newFolder(t)
  const names: string[] = []
  for (const text of textPaths().filter((path) => !path.startsWith('docs/guides/'))) {
    for (const [i, { info, code }] of codeBlocks(readText(text)).entries()) {
      if (info !== 'js' && info !== 'html') continue
      const name = `${text.replaceAll('/', '-')}-${i}.js`
      names.push(name)
      const scripts = [...code.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, it]) => it)
      writeFileSync(join(folder, name), info === 'js' ? code : scripts.join('\n'))
    }
  }
  assert.ok(names.length >= 3, `${names}`)
  writeFileSync(join(folder, 'page.d.ts'), PAGE)
  const lib = ['ESNext', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable']
  assertCompiles(folder, { lib, allowJs: true, checkJs: true, moduleDetection: 'auto' })
})

test('every block of code is of a kind that is tested', () => {
  for (const text of textPaths()) {
    for (const { info } of codeBlocks(readText(text))) {
      assert.match(info, /^(ts|js|sh|html|python|hex .+|)$/, text)
      // See python.test.ts.
      if (info === 'python') assert.equal(text, 'docs/guides/python.md')
    }
  }
})

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function assertCompiles(folder: string, options: object): void {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings(options)))
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', folder], {
    encoding: 'utf8',
  })
  assert.equal(stdout, '')
  assert.equal(status, 0)
}

function completed(code: string): string {
  if (/^import /m.test(code)) return code
  const isMissing = (name: string): boolean =>
    !new RegExp(`const ${name}\\b`).test(code) && new RegExp(`\\b${name}\\b`).test(code)
  const missing = Object.entries(CONTEXT).filter(([name]) => isMissing(name))
  const declared = missing.map(([name, type]) => `declare const ${name}: ${type}`)
  return [IMPORTS, ...declared, code].join('\n')
}

/** Those of `tsc --init`, in which the package is found where it was built. */
function settings(options: object): object {
  const entries = Object.entries<{ types?: string }>(manifest.exports)
  const typed = entries.filter(([, { types }]) => types !== undefined)
  const paths = typed.map(([name, { types }]) => [
    name.replace('.', 'opendht'),
    [join(ROOT, types!)],
  ])
  return {
    compilerOptions: {
      target: 'ESNext',
      module: 'nodenext',
      moduleDetection: 'force',
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      strict: true,
      noEmit: true,
      paths: Object.fromEntries(paths),
      ...options,
    },
  }
}
