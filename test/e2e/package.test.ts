// SPDX-License-Identifier: MIT
// The built package, as a user gets it: entry points load and work on the Node.js that runs the
// tests, and on the oldest supported one when `OLDEST_NODE` names it or the system has it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { runtimes } from '../support/runtimes.ts'

const ROOT = join(dirname(new URL(import.meta.url).pathname), '..', '..')
const run = promisify(execFile)

/** Two nodes of the built library on loopback: one puts, the other gets. */
const PROGRAM = `
import { DhtRunner } from 'opendht'
import { Dht, InfoHash } from 'opendht/core'
import { Pht } from 'opendht/pht'
import { SimNetwork } from 'opendht/sim'
const options = { port: 0, bind4: '127.0.0.1', bind6: false, network: 4711 }
const first = await DhtRunner.start(options)
const second = await DhtRunner.start({ ...options, bootstrap: ['127.0.0.1:' + first.port4] })
await second.put('key', 'value')
const [value] = await first.getAll('key')
const network = new SimNetwork({ seed: 1 })
const nodes = network.addNodes(10)
await network.run(5000)
const { nodes: holders } = await network.until(nodes[3].put('key', 'value'))
const index = new Pht(nodes[5], 'index', { k: 4 }, { clock: network })
await network.until(index.insert({ k: 'word' }, { hash: InfoHash.get('key') }))
const [{ hash }] = await network.until(index.lookup({ k: 'word' }))
const isFound = hash.equals(InfoHash.get('key'))
console.log(typeof Dht, holders.length, isFound, new TextDecoder().decode(value.data))
await second.close()
await first.close()
`

/** An authority certifies a node; then the part with the codecs has been loaded. */
const CERTIFYING = `
import { Identity, TrustList } from 'opendht/crypto'
const issuer = await Identity.generate({ type: 'ec' })
const node = await Identity.generate({ type: 'ec', issuer })
const list = new TrustList()
list.add(issuer.certificate)
console.log(String(await list.verify(node.certificate)).trim())
`

/** Two programs in one find each other; one is a node, which loads discovery when it needs it. */
const DISCOVERING = `
import { DhtRunner } from 'opendht'
import { PeerDiscovery } from 'opendht/discovery'
const port = 30_000 + (process.pid % 10_000)
const place = { bind4: '127.0.0.1', bind6: false }
const node = await DhtRunner.start({ ...place, port: 0, network: 4711, peerDiscovery: { port } })
const discovery = await PeerDiscovery.start({ ...place, port })
for await (const { payload } of discovery.discover('dht')) {
  console.log(payload[1] === node.port4, payload[2])
  break
}
await discovery.close()
await node.close()
`

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
/** Those with code: what is exported as a text is data. */
const entries = Object.values<string | { types: string; default: string }>(manifest.exports).filter(
  (it) => typeof it !== 'string',
)

for (const [name, path] of runtimes()) {
  test(`the built library puts and gets on ${name}`, async () => {
    const { stdout } = await run(path, ['--input-type=module', '--eval', PROGRAM], { cwd: ROOT })
    assert.equal(stdout, 'function 8 true value\n')
  })

  test(`the built library certifies on ${name}`, async () => {
    const { stdout } = await run(path, ['--input-type=module', '--eval', CERTIFYING], { cwd: ROOT })
    assert.equal(stdout, 'Certificate is valid\n')
  })

  test(`the built library discovers on ${name}`, async () => {
    const { stdout } = await run(path, ['--input-type=module', '--eval', DISCOVERING], {
      cwd: ROOT,
    })
    assert.equal(stdout, 'true 4711\n')
  })

  test(`the built tools start on ${name}`, async () => {
    for (const file of Object.values<string>(manifest.bin)) {
      const { stdout } = await run(path, [join(ROOT, file), '--version'])
      assert.match(stdout, /^OpenDHT version \d+\.\d+\.\d+\n/)
    }
  })

  test(`the built pingpong plays on ${name}`, async () => {
    const program = join(ROOT, 'dist', 'cli', 'pingpong.js')
    const { stdout } = await run(path, [program, '--rounds', '3', '-n', '3'])
    assert.match(stdout, /\n3 ping-pong done, took /)
  })
}

test('nothing loads the codecs of certificates before they are needed', () => {
  const files = [...entries.map((it) => it.default), 'dist/cli/dhtnode.js']
  const loaded = closureOf(files, /\b(?:from|import)\s*"([^"]+)"/g)
  assert.ok(loaded.size > files.length)
  assert.deepEqual(
    [...loaded].filter((it) => /codecs/.test(it)),
    [],
  )
})

test('nodes load no HTTP before it is needed', () => {
  const files = ['dist/nodejs/entry.js', 'dist/cli/dhtnode.js']
  const loaded = closureOf(files, /\b(?:from|import)\s*"([^"]+)"/g)
  assert.ok(loaded.has('node:crypto'))
  assert.deepEqual(
    [...loaded].filter((it) => /^node:https?$/.test(it)),
    [],
  )
})

test('the client of proxies loads nothing of Node.js', () => {
  const entry = 'dist/proxy/client/entry.js'
  const loaded = closureOf([entry], /\b(?:from|import)\s*\(?\s*"([^"]+)"/g)
  assert.ok(loaded.size > 3)
  assert.deepEqual(
    [...loaded].filter((it) => !it.startsWith('/')),
    [],
  )
})

test('types mention no package that is not installed with this one', () => {
  const { dependencies } = manifest
  const files = entries.map((it) => it.types)
  const mentioned = closureOf(files, /(?:\bfrom|\bimport\s*\(?)\s*'([^']+)'/g)
  const packages = [...mentioned].filter((it) => !it.startsWith('/') && !it.startsWith('node:'))
  assert.deepEqual(
    packages.filter((it) => !Object.keys(dependencies).some((name) => it.startsWith(name))),
    [],
  )
})

test('examples are packed by kind of file: who ran them has keys and modules there', () => {
  const patterns = (manifest.files as string[]).filter((it) => it.startsWith('examples'))
  assert.ok(patterns.length > 0)
  assert.deepEqual(
    patterns.filter((it) => !/\.(js|html|md|json)$/.test(it) || /\*\*|\*\.json/.test(it)),
    [],
  )
})

test('texts of the package link to nothing that is not in it', () => {
  const texts = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  const files: string[] = [...manifest.files, 'README.md', 'LICENSE']
  const packed = files.filter((it) => !it.startsWith('!')).map((it) => it.split('/')[0])
  let count = 0
  for (const text of texts.filter((name) => name.endsWith('.md'))) {
    const links = readFileSync(join(ROOT, text), 'utf8').matchAll(/\]\((?!\w+:)([^)#]+)/g)
    for (const [, link = ''] of links) {
      const path = join(dirname(text), link)
      assert.ok(existsSync(join(ROOT, path)), `${text} links to ${path}`)
      assert.ok(packed.includes(path.split('/')[0]), `${path} of ${text} is in the package`)
      count++
    }
  }
  assert.ok(count > 10, `${count} links`)
})

/** Files by their path and packages by their name that `entries` import, one through another. */
function closureOf(entries: readonly string[], pattern: RegExp): Set<string> {
  const found = new Set(entries.map((it) => resolve(ROOT, it)))
  for (const path of found) {
    if (!path.startsWith('/')) continue
    // Types name the sources that they were made from.
    const file = path.replace(/(?<!\.d)\.ts$/, '.d.ts')
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(pattern)) {
      found.add(specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier)
    }
  }
  return found
}
