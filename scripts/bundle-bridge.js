// SPDX-License-Identifier: MIT
// Makes the one file that the Python package runs in Node.js, unless it is there and fresh:
// `node scripts/bundle-bridge.js`. Beside it stands which sources it was made of, and their digest.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'rolldown'
import { notices } from './notices.js'

const ROOT = resolve(import.meta.dirname, '..')
const TARGET = join(ROOT, 'python/opendht/_bridge')
const STAMP = join(TARGET, 'sources.json')

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
    input: join(ROOT, 'src/bridge/main.ts'),
    platform: 'node',
    external: [/^node:/],
    plugins: [notices, stamp],
    logLevel: 'warn',
    output: {
      file: join(TARGET, 'main.mjs'),
      format: 'esm',
      comments: false,
      minify: true,
      codeSplitting: false,
    },
  })
  writeFileSync(STAMP, `${JSON.stringify({ digest: digestOf(modules), modules }, undefined, 1)}\n`)
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
