// SPDX-License-Identifier: MIT
// Makes the one file that the Python package runs in Node.js, unless it is there and fresh:
// `node scripts/bundle-bridge.js`. Beside it stands which sources it was made of, and their digest.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'rolldown'
import { notices } from './notices.js'

const ROOT = resolve(import.meta.dirname, '..')
const TARGET = join(ROOT, 'python/opendht/_bridge')
const STAMP = join(TARGET, 'sources.json')

const OPTIONS = { platform: 'node', external: [/^node:/], logLevel: 'warn' }
const OUTPUT = { format: 'esm', comments: false, minify: true, codeSplitting: false }
/** What src/crypto/argon2.ts loads by name in a thread. */
const THREAD_PACKAGE = '@noble/hashes/argon2.js'

/** Whether the bundle is there and made of the sources as they are now. */
export function isFresh() {
  if (!existsSync(STAMP) || !existsSync(join(TARGET, 'main.mjs'))) return false
  const { modules, digest } = JSON.parse(readFileSync(STAMP, 'utf8'))
  return digestOf(modules) === digest
}

export async function bundleBridge() {
  let modules = []
  const stamp = {
    name: 'stamp',
    generateBundle(_options, bundle) {
      const ids = Object.values(bundle).flatMap((it) => it.moduleIds ?? [])
      const paths = ids.filter((id) => existsSync(id)).map((id) => relative(ROOT, id))
      modules = [...new Set([...paths, relative(ROOT, import.meta.filename)])].sort()
    },
  }
  await build({
    ...OPTIONS,
    input: join(ROOT, 'src/bridge/main.ts'),
    plugins: [await packagesOfThreads(), notices, stamp],
    output: { ...OUTPUT, file: join(TARGET, 'main.mjs') },
  })
  writeFileSync(STAMP, `${JSON.stringify({ digest: digestOf(modules), modules }, undefined, 1)}\n`)
}

/** A plugin: where there is one file only, a package that is loaded by name has to be within. */
async function packagesOfThreads() {
  const { output } = await build({
    ...OPTIONS,
    input: fileURLToPath(import.meta.resolve(THREAD_PACKAGE)),
    output: OUTPUT,
    write: false,
  })
  const address = `data:text/javascript;base64,${Buffer.from(output[0].code).toString('base64')}`
  const call = `import.meta.resolve('${THREAD_PACKAGE}')`
  return {
    name: 'packages-of-threads',
    transform: {
      filter: { id: /[/\\]argon2\.ts$/ },
      handler(code) {
        if (!code.includes(call)) throw new Error(`argon2.ts no longer says ${call}`)
        return code.replace(call, `'${address}'`)
      },
    },
  }
}

/** Undefined when one of the files is gone. */
function digestOf(paths) {
  if (!paths.every((path) => existsSync(join(ROOT, path)))) return undefined
  const hash = createHash('sha256')
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)))
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && !isFresh()) {
  await bundleBridge()
}
