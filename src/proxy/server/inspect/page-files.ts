// SPDX-License-Identifier: MIT
// The files of the dashboard as the build made them, read and compressed once.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { packageRoot } from './package-files.ts'

const compress = promisify(gzip)

export interface PageFile {
  readonly type: string
  readonly plain: Uint8Array
  readonly compressed: Uint8Array
  /** Changes with the content. */
  readonly tag: string
}

/** File names to their types; there are no others. */
export const PAGE_FILES = {
  'index.html': 'text/html; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'dashboard.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

export type PageFileName = keyof typeof PAGE_FILES

const files = new Map<PageFileName, Promise<PageFile>>()

/** Rejects with the system's error when the dashboard was not built. */
export function pageFile(name: PageFileName): Promise<PageFile> {
  let file = files.get(name)
  if (file === undefined) {
    file = load(name)
    files.set(name, file)
    // It may be built while the server runs.
    file.catch(() => files.delete(name))
  }
  return file
}

async function load(name: PageFileName): Promise<PageFile> {
  const plain = await readFile(join(packageRoot(), 'dist', 'dashboard', name))
  const compressed = await compress(plain, { level: 9 })
  const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { type: PAGE_FILES[name], plain, compressed, tag }
}
