// SPDX-License-Identifier: MIT
// The package as npm packs what was built, unpacked into the node_modules of a folder elsewhere.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

export interface PackedPackage {
  /** Where a program finds the package by its name. */
  readonly folder: string
  /** Of the unpacked package. */
  readonly path: string
  readonly archive: string
  /** Paths in the package, and their sizes in bytes. */
  readonly files: ReadonlyMap<string, number>
  readonly packedBytes: number
  readonly unpackedBytes: number
  remove(): void
}

/** What it depends on is linked to what the clone has. */
export function packPackage(): PackedPackage {
  const folder = mkdtempSync(join(tmpdir(), 'opendht-packed-'))
  const options = ['--json', '--ignore-scripts', '--pack-destination', folder]
  const { status, stdout, stderr } = spawnSync('npm', ['pack', ...options], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`)
  const [report] = Object.values<PackReport>(JSON.parse(stdout))
  const { filename, files, size, unpackedSize } = report!
  const path = join(folder, 'node_modules', 'opendht')
  const archive = join(folder, filename)
  mkdirSync(path, { recursive: true })
  execFileSync('tar', ['-xzf', archive, '-C', path, '--strip-components=1'])
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const { dependencies } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  return {
    folder,
    path,
    archive,
    files: new Map(files.map((it) => [it.path, it.size])),
    packedBytes: size,
    unpackedBytes: unpackedSize,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Of `npm pack --json`, which is a list, or since npm 12 an object by the name of the package. */
interface PackReport {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
  readonly size: number
  readonly unpackedSize: number
}
