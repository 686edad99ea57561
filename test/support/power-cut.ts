// SPDX-License-Identifier: MIT
// What may be on a disk when the power fails at some moment: whatever was synced before, and any
// part of the rest. Writes that were not synced may be there or not, independently, or up to some
// sector; new names, renamings and removals survive up to some point, in order, as with journals.
// Stricter than most file systems: a name is safe only when its folder was synced.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DiskChange } from './disk-shim.ts'
import type { SeededRandom } from './seeded-random.ts'

const SECTOR = 512

type Content = Extract<DiskChange, { kind: 'write' | 'truncate' }>
type Names = Map<string, CutFile>

interface CutFile {
  durable: Buffer
  pending: Content[]
}

/** A disk that goes through recorded changes. */
export class CutDisk {
  #durable: Names = new Map()
  #current: Names = new Map()
  #pending: ((names: Names) => void)[] = []

  apply(change: DiskChange): void {
    switch (change.kind) {
      case 'create': {
        const file = { durable: Buffer.alloc(0), pending: [] }
        return this.#change((names) => void names.set(change.path, file))
      }
      case 'unlink':
        return this.#change((names) => void names.delete(change.path))
      case 'rename': {
        const file = this.#current.get(change.path)!
        return this.#change((names) => {
          names.delete(change.path)
          names.set(change.to, file)
        })
      }
      case 'sync':
        return this.#sync(change.path)
      default:
        this.#current.get(change.path)!.pending.push(change)
    }
  }

  /** Contents of a file as programs see them, without any failure. */
  read(path: string): Buffer {
    const file = this.#current.get(path)
    return (file?.pending ?? []).reduce(applyContent, file?.durable ?? Buffer.alloc(0))
  }

  /** Fills `folder` with what a failure at this moment may have left. */
  cut(folder: string, random: SeededRandom): void {
    const names = new Map(this.#durable)
    const kept = random.uint32() % (this.#pending.length + 1)
    for (const change of this.#pending.slice(0, kept)) change(names)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const [path, file] of names) {
      writeFileSync(join(folder, basename(path)), remains(file, random), { mode: 0o600 })
    }
  }

  #change(change: (names: Names) => void): void {
    change(this.#current)
    this.#pending.push(change)
  }

  #sync(path: string): void {
    const file = this.#current.get(path)
    if (file !== undefined) {
      file.durable = this.read(path)
      file.pending = []
      return
    }
    const [known] = this.#current.keys()
    if (known !== undefined && dirname(known) !== path) return
    this.#durable = new Map(this.#current)
    this.#pending = []
  }
}

function remains({ durable, pending }: CutFile, random: SeededRandom): Buffer {
  const way = random.uint32() % 4
  let bytes = durable
  for (const change of pending) {
    if (way === 0) break
    if (way === 1 || random.chance(0.5)) bytes = applyContent(bytes, torn(change, random))
    else if (way === 2) break
  }
  return bytes
}

function torn(change: Content, random: SeededRandom): Content {
  if (change.kind === 'truncate' || !random.chance(0.3)) return change
  const sectors = random.uint32() % (Math.ceil(change.data.length / SECTOR) + 1)
  return { ...change, data: change.data.subarray(0, sectors * SECTOR) }
}

function applyContent(bytes: Buffer, change: Content): Buffer {
  const size =
    change.kind === 'truncate'
      ? change.size
      : Math.max(bytes.length, change.at + change.data.length)
  const result = Buffer.alloc(size)
  bytes.copy(result)
  if (change.kind === 'write') change.data.copy(result, change.at)
  return result
}
