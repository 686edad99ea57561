// SPDX-License-Identifier: MIT
// The environment of a process whose folder is watched and made to fail by disk_shim.c, and the
// records that it leaves.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'

const SOURCE = join(import.meta.dirname, 'disk_shim.c')
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/opendht')
const LIBRARIES = ['-ldl', '-lpthread']

export type DiskFault = 'ENOSPC' | 'EROFS' | 'EIO'

/** A change of a file, or of what is in the folder, in the order in which they were made. */
export type DiskChange =
  | { readonly kind: 'create' | 'unlink' | 'sync'; readonly path: string }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly data: Buffer }

/** False where programs can be watched like that, else the reason to skip. */
export function diskShimAvailable(): string | false {
  const missing = process.platform !== 'linux' && 'libraries are only preloaded on Linux'
  if (missing !== false && process.env['CI'] === 'true') throw new Error(missing)
  return missing
}

/** Watches `folder`; its own files are beside the folder. */
export class DiskShim {
  readonly folder: string
  readonly #log: string
  readonly #fault: string

  constructor(folder: string) {
    this.folder = folder
    this.#log = `${folder}.log`
    this.#fault = `${folder}.fault`
  }

  /** For a process that is to be watched. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: shim(),
      DISK_SHIM_DIR: this.folder,
      DISK_SHIM_LOG: this.#log,
      DISK_SHIM_FAULT: this.#fault,
    }
  }

  /** From now on changes fail like that; undefined: they succeed. */
  fail(fault: DiskFault | undefined): void {
    if (fault === undefined) return rmSync(this.#fault, { force: true })
    writeFileSync(this.#fault, `${constants.errno[fault]}`)
  }

  /** All changes so far. */
  changes(): DiskChange[] {
    const bytes = readFileSync(this.#log)
    const changes: DiskChange[] = []
    for (let at = 0; at < bytes.length; ) {
      const lineEnd = bytes.indexOf('\n', at)
      const line = bytes.toString('utf8', at, lineEnd)
      const [, kind = '', a = '', b = '', path = ''] = /^(\w) (\d+) (\d+) (.*)$/.exec(line) ?? []
      const data = bytes.subarray(lineEnd + 1, lineEnd + 1 + Number(b))
      changes.push(toChange(kind, path, { a: Number(a), data }))
      at = lineEnd + 1 + Number(b)
    }
    return changes
  }
}

function toChange(
  kind: string,
  path: string,
  { a, data }: { a: number; data: Buffer },
): DiskChange {
  if (kind === 'W') return { kind: 'write', path, at: a, data }
  if (kind === 'T') return { kind: 'truncate', path, size: a }
  if (kind === 'R') return { kind: 'rename', path, to: `${data}` }
  const simple = { C: 'create', U: 'unlink', S: 'sync' } as const
  return { kind: simple[kind as keyof typeof simple], path }
}

let library: string | undefined

/** Compiled once, and kept until the source changes. */
function shim(): string {
  if (library !== undefined) return library
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const path = join(CACHE, `disk-shim-${hash}.so`)
  if (!existsSync(path)) {
    mkdirSync(CACHE, { recursive: true })
    const unfinished = `${path}.${process.pid}`
    execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', unfinished, SOURCE, ...LIBRARIES])
    renameSync(unfinished, path)
  }
  library = path
  return path
}
