// SPDX-License-Identifier: MIT
// The files that let a node come back as itself: `P` with its id, the nodes it knew and the values
// it stored, and `P_port.txt` with its ports (spec node behaviour, section 11). A crash at any
// moment leaves either the old or the new state; what cannot be read is set aside, never
// overwritten.

import { type FileHandle, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DhtError } from '../core/errors.ts'
import { renameFile } from '../crypto/rename-file.ts'

/** The state names the addresses of peers: for its owner alone. */
const FILE_MODE = 0o600
const MAX_SET_ASIDE = 100
const MAX_PORT = 0xffff
const DISK_FAILURES: ReadonlySet<string | undefined> = new Set(['EIO', 'ENOSPC', 'EDQUOT'])

export interface SavedPorts {
  /** Undefined when that family had none. */
  readonly port4: number | undefined
  readonly port6: number | undefined
}

export class StateFile {
  readonly path: string
  readonly portPath: string
  #written: Uint8Array | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.path = path
    this.portPath = `${path}_port.txt`
  }

  /**
   * What was saved; undefined when nothing was. Rejects with ERR_DHT_STATE if that is not clear.
   */
  async read(): Promise<Uint8Array | undefined> {
    const bytes = await this.#readIfThere(this.path)
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /**
   * Renames a state that turned out to be of no use to `P.corrupt`, or `P.corrupt.2` and so on
   * when there is one already. Resolves to the new path. Rejects with ERR_DHT_STATE.
   */
  setAside(): Promise<string> {
    return setAside(this.path)
  }

  /** The same for the file with the ports. */
  setPortsAside(): Promise<string> {
    return setAside(this.portPath)
  }

  /**
   * Replaces the state by `bytes`, unless these are what was written last. Writes happen one after
   * the other. Rejects with ERR_DHT_STATE; the old state is intact then.
   */
  write(bytes: Uint8Array): Promise<void> {
    const turn = this.#writing.then(async () => {
      if (this.#written !== undefined && Buffer.compare(this.#written, bytes) === 0) return
      await replaceFile(this.path, bytes)
      this.#written = bytes
    })
    this.#writing = turn.catch(() => {})
    return turn
  }

  /** The ports of the last start; undefined when the file makes no sense. */
  async readPorts(): Promise<SavedPorts | undefined> {
    const bytes = await this.#readIfThere(this.portPath)
    const text = bytes?.toString('latin1') ?? '0'
    const [, text4 = '', text6 = '0'] = /^(\d{1,5})\s*(?:\n(\d{1,5})\s*)?$/.exec(text) ?? []
    const [port4, port6] = [Number(text4), Number(text6)]
    if (text4 === '' || port4 > MAX_PORT || port6 > MAX_PORT) return undefined
    return { port4: port4 || undefined, port6: port6 || undefined }
  }

  async writePorts({ port4, port6 }: SavedPorts): Promise<void> {
    await replaceFile(this.portPath, Buffer.from(`${port4 ?? 0}\n${port6 ?? 0}\n`))
  }

  async #readIfThere(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw stateError(`Cannot read the state file "${path}"`, error)
    }
  }
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    // A leftover of a crash; opening it anew could follow a link or keep its mode.
    await unlink(temporary).catch(() => {})
    const file = await open(temporary, 'wx', FILE_MODE)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await renameFile(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw stateError(`Cannot write the state file "${path}"`, error)
  }
}

/**
 * Makes the rename itself durable. Not all systems can: there, a power failure may bring the old
 * state back. A disk that fails is another matter.
 */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined
  try {
    directory = await open(path, 'r')
    await directory.sync()
  } catch (error) {
    if (DISK_FAILURES.has((error as NodeJS.ErrnoException).code)) throw error
  } finally {
    await directory?.close()
  }
}

async function setAside(path: string): Promise<string> {
  for (let i = 1; ; i++) {
    const asidePath = i === 1 ? `${path}.corrupt` : `${path}.corrupt.${i}`
    if (i < MAX_SET_ASIDE && (await exists(asidePath))) continue
    try {
      await renameFile(path, asidePath)
    } catch (error) {
      throw stateError(`Cannot set the state file aside as "${asidePath}"`, error)
    }
    return asidePath
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function stateError(action: string, cause: unknown): DhtError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new DhtError('ERR_DHT_STATE', `${action}: ${code ?? message}`, { cause })
}
