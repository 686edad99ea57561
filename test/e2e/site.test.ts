// SPDX-License-Identifier: MIT
// test-timeout-s: 300
// The site, as `npm run docs` builds it of what is built: without a warning, with a page for all
// that the package exports and every text, with links that lead somewhere, and nothing from
// elsewhere.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const isInstalled = existsSync(join(ROOT, 'scripts/site/node_modules'))
const skip = isInstalled ? false : 'run `npm run docs` once, which installs what builds the site'

describe('the site', { skip }, () => {
  let folder: string
  const pages = new Map<string, string>()
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'opendht-site-'))
    const build = join(ROOT, 'scripts/site/build.js')
    await run(process.execPath, [build, `--out=${folder}`])
    for (const path of globSync('**/*.html', { cwd: folder })) {
      if (!path.startsWith('media')) pages.set(path, readFileSync(join(folder, path), 'utf8'))
    }
  })
  after(() => rmSync(folder, { recursive: true }))

  it('has a page for each module and each text', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const types = Object.values<{ types?: string }>(exports).flatMap((it) => it.types ?? [])
    const modules = [...pages.keys()].filter((path) => path.startsWith('modules/'))
    assert.equal(modules.length, new Set(types).size)
    const titles = [...pages.values()].map((page) => /<title>(.*?) \|/.exec(page)?.[1])
    for (const title of ['opendht/core', 'First node', 'The protocol', 'DhtRunner', 'Chat']) {
      assert.ok(titles.includes(title), title)
    }
  })

  it('says what the main types are, and groups the texts', () => {
    for (const [name, words] of [
      ['DhtRunner', 'A node of the network'],
      ['Identity', 'a certificate and its private key'],
    ] as const) {
      assert.ok(pages.get(`classes/opendht.${name}.html`)?.includes(words), name)
    }
    const index = pages.get('modules.html')!
    const groups = ['Guides', 'Topics', 'Examples', 'Project', 'Modules']
    const places = groups.map((it) => index.indexOf(`>${it}<a href="#`))
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    )
    assert.ok(places[0]! > 0, 'there are groups')
    const modules = ['opendht', 'opendht_core', 'opendht_sim']
    const links = modules.map((it) => index.indexOf(`href="modules/${it}.html"`))
    assert.deepEqual(
      links,
      [...links].sort((a, b) => a - b),
    )
    assert.match(pages.get('modules/opendht_sim.html')!, /whole network in one process and virtual/)
  })

  it('has links that lead somewhere', () => {
    const broken: string[] = []
    let count = 0
    for (const [from, page] of pages) {
      for (const [, link = ''] of page.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        if (/^\w+:/.test(link)) continue
        count++
        const [path = '', anchor] = link.split('#')
        const target = resolve(folder, dirname(from), decodeURIComponent(path) || from)
        const to = path === '' ? from : relative(folder, target)
        const isThere = pages.has(to) ? hasAnchor(pages.get(to)!, anchor) : existsSync(target)
        if (!isThere) broken.push(`${from}: ${link}`)
      }
    }
    assert.deepEqual([...new Set(broken)], [])
    assert.ok(count > 1000, `${count} links`)
  })

  it('loads nothing from elsewhere', () => {
    for (const [path, page] of pages) {
      assert.doesNotMatch(
        page,
        /<(?:script|img|link|iframe)[^>]*(?:src|href)="(?:https?:)?\/\//,
        path,
      )
    }
  })
})

function hasAnchor(page: string, anchor: string | undefined): boolean {
  if (anchor === undefined || anchor === '' || anchor === 'top') return true
  return page.includes(`id="${decodeURIComponent(anchor)}"`)
}
