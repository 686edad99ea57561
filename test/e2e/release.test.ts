// SPDX-License-Identifier: MIT
// test-timeout-s: 240
// The package as npm packs it, before anybody gets it: nothing in it that does not belong there,
// found by every kind of program, within its budgets of bytes and of time to import.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'
import { runtimes } from '../support/runtimes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const targets = Object.entries<{ types?: string; default?: string }>(manifest.exports)
/** What programs import, with the file that has the code. */
const modules = targets.flatMap(([path, { default: file }]) =>
  file === undefined ? [] : [[path.replace('.', 'opendht'), file] as const],
)

const BELONGS = [
  /^(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md$/,
  /^(LICENSE|package\.json)$/,
  /^dist\/THIRD-PARTY-NOTICES\.txt$/,
  /^dist\/man\/[a-z]+\.1$/,
  /^dist\/dashboard\/(index\.html|[\w-]+\.(js|css|svg|txt)|assets\/[\w.-]+\.(js|css|svg|woff2))$/,
  /^dist\/[\w/.-]+(\.js|\.d\.ts)$/,
  /^dist\/(browser|dashboard)\/THIRD-PARTY-NOTICES\.txt$/,
  /^docs\/[\w/-]+\.(md|png|svg)$/,
  /^examples\/[\w-]+\/([\w.-]+\.(js|html)|README\.md|package\.json)$/,
  /^packaging\/[\w/.-]+(\.md|\.ya?ml|\.conf|\.service|\/Dockerfile)$/,
  /^test\/vectors\/(README\.md|[\w/.-]+\.json)$/,
]

/** What may be loaded for one import, in bytes: a fifth more than when this was written. */
const CODE_BUDGETS: Record<string, number> = {
  opendht: 610_000,
  'opendht/core': 400_000,
  'opendht/crypto': 485_000,
  'opendht/discovery': 640_000,
  'opendht/pht': 470_000,
  'opendht/proxy/browser': 85_000,
  'opendht/proxy/client': 510_000,
  'opendht/proxy/server': 735_000,
  'opendht/sim': 515_000,
}
/** Three times what an import took when this was written, in starts of Node.js 24. */
const IMPORT_BUDGETS: Record<string, number> = {
  opendht: 4.5,
  'opendht/core': 1.5,
  'opendht/crypto': 3,
  'opendht/discovery': 4.5,
  'opendht/pht': 2,
  'opendht/proxy/browser': 1,
  'opendht/proxy/client': 2.5,
  'opendht/proxy/server': 8,
  'opendht/sim': 2.5,
}
const PACKED_BUDGET = 2_200_000
const UNPACKED_BUDGET = 6_500_000

describe('the packed package', () => {
  let packed: PackedPackage
  before(() => {
    packed = packPackage()
  })
  after(() => packed?.remove())

  it('holds nothing that does not belong there, and is small', (t) => {
    const paths = [...packed.files.keys()]
    assert.deepEqual(
      paths.filter((path) => !BELONGS.some((pattern) => pattern.test(path))),
      [],
    )
    const { packedBytes, unpackedBytes } = packed
    t.diagnostic(`${paths.length} files, ${packedBytes} bytes packed, ${unpackedBytes} unpacked`)
    assert.ok(packedBytes <= PACKED_BUDGET && unpackedBytes <= UNPACKED_BUDGET)
  })

  it('has what its manifest names', () => {
    const named = [
      ...Object.values<string>(manifest.bin),
      ...manifest.man,
      ...targets.flatMap(([, { types, default: file }]) => [types, file]),
    ]
    for (const path of named.filter((it) => it !== undefined)) {
      assert.ok(packed.files.has(path.replace(/^\.\//, '')), path)
    }
    assert.deepEqual(Object.keys(manifest.dependencies), ['@noble/hashes'])
  })

  it('names no place of the machine that built it', () => {
    for (const path of packed.files.keys()) {
      if (!path.startsWith('dist/')) continue
      const text = readFileSync(join(packed.path, path), 'utf8')
      assert.ok(!text.includes(ROOT), path)
    }
  })

  it('pleases publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: packed.path, pack: false, strict: true })
    assert.deepEqual(
      messages.map((it) => formatMessage(it, pkg ?? {})),
      [],
    )
  })

  for (const module of ['nodenext', 'preserve']) {
    it(`is found with its types with module: ${module}`, () => assertTypes(packed, module))
  }

  for (const [name, node] of runtimes()) {
    it(`is loaded by import and require of ${name}`, () => assertLoads(node, packed))

    it(`is imported within its budget by ${name}`, async (t) => {
      assert.deepEqual(Object.keys(IMPORT_BUDGETS).sort(), modules.map(([it]) => it).sort())
      for (const [module, budget] of Object.entries(IMPORT_BUDGETS)) {
        const cost = await importCost(node, module, packed.folder)
        t.diagnostic(`${module}: ${cost.toFixed(2)} starts of Node.js`)
        assert.ok(cost <= budget, `${module} takes ${cost} starts of Node.js to import`)
      }
    })
  }

  it('loads no more code than it has to', (t) => {
    const measured = Object.fromEntries(
      modules.map(([name, file]) => [name, measureCode(packed.path, file, t)]),
    )
    assert.deepEqual(Object.keys(measured).sort(), Object.keys(CODE_BUDGETS).sort())
    for (const [name, bytes] of Object.entries(measured)) {
      assert.ok(bytes <= CODE_BUDGETS[name]!, `${name} loads ${bytes} bytes`)
    }
  })
})

/** Programs that use each module compile: one that imports, and one that requires. */
function assertTypes({ folder }: PackedPackage, module: string): void {
  const project = join(folder, `types-${module}`)
  mkdirSync(project)
  const uses = modules.map(([name], i) => `import * as m${i} from '${name}'\nvoid m${i}`)
  const use = `const put: (key: string, value: string) => Promise<unknown> =
  (key, value) => (null as unknown as m0.DhtRunner).put(key, value)
// @ts-expect-error the types are there, so that a wrong one is told
const wrong: (key: Date) => unknown = (key) => (null as unknown as m0.DhtRunner).get(key)
void put, wrong
export {}`
  for (const file of ['main.mts', 'main.cts']) {
    writeFileSync(join(project, file), [...uses, use].join('\n'))
  }
  const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] }
  const compilerOptions = { module, target: 'ES2023', strict: true, noEmit: true, ...types }
  const lib = ['ESNext', 'DOM']
  const settings = { compilerOptions: { ...compilerOptions, lib }, include: ['*'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(settings))
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
  assert.equal(stdout, '')
}

/** A module that does something when it is loaded would print, or not end. */
async function assertLoads(node: string, { folder }: PackedPackage): Promise<void> {
  const names = modules.map(([name]) => name)
  const imports = names.map((name) => `import '${name}'`).join('\n')
  const requires = names.map((name) => `require('${name}')`).join('\n')
  const vectors = `require('opendht/vectors/core/packets-4.3.1.json').packets.length`
  const print = `process.stdout.write(String(${vectors} > 50))`
  const asModule = await run(node, ['--input-type=module', '-e', imports], { cwd: folder })
  assert.equal(asModule.stdout, '')
  const asScript = await run(node, ['-e', `${requires}\n${print}`], { cwd: folder })
  assert.equal(asScript.stdout, 'true')
}

/**
 * Processor time of an import, in that of the start of Node.js in the same process, which is as
 * slow as the machine is. The best of a few runs counts: the first ones compile.
 */
async function importCost(node: string, name: string, folder: string): Promise<number> {
  const program = `const { user, system } = process.cpuUsage()
await import('${name}')
const after = process.cpuUsage()
console.log((after.user + after.system) / (user + system) - 1)`
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10 && !(best <= IMPORT_BUDGETS[name]!); i++) {
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await run(node, args, { cwd: folder })
    best = Math.min(best, Number(stdout))
  }
  return best
}

/** All that is loaded with `file`, without what is imported when it is needed. */
function measureCode(root: string, file: string, t: TestContext): number {
  const found = new Set([resolve(root, file)])
  const sources: string[] = []
  for (const path of found) {
    const text = readFileSync(path, 'utf8')
    sources.push(text)
    for (const [, specifier = ''] of text.matchAll(/\b(?:from|import)\s*"(\.[^"]+)"/g)) {
      found.add(resolve(dirname(path), specifier))
    }
  }
  const code = sources.join('\n')
  t.diagnostic(`${file}: ${code.length} bytes, ${gzipSync(code).length} compressed`)
  return code.length
}
