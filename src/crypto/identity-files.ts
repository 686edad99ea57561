// SPDX-License-Identifier: MIT
// The two files of an identity: `P.pem`, the private key, and `P.crt`, the chain of certificates. A
// failure leaves both as they were. Two files cannot change at once, so a crash in between leaves a
// new certificate beside the old key; `P.crt.X.old` and `P.pem.Y.new` are there then, too, with
// random X and Y. Writers of one process take turns; those of several may mix up their files.

import { randomBytes } from 'node:crypto'
import {
  constants,
  copyFile,
  type FileHandle,
  link,
  open,
  readFile,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CryptoError } from './errors.ts'
import { renameFile } from './rename-file.ts'

export interface IdentityTexts {
  privateKey: string
  certificate: string
}

/** What is longer is neither a key nor a chain. */
const MAX_FILE_BYTES = 64 * 1024
/** For the owner alone, the certificate too: whom it shows to is up to the owner. */
const FILE_MODE = 0o600
const RANDOM_BYTES = 8
/** What file systems without hard links answer; EISDIR on Windows, which means its function. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR']

/** Rejects with ERR_CRYPTO_FILE. */
export async function readIdentityFiles(
  path: string,
): Promise<{ privateKey: Uint8Array; certificate: Uint8Array }> {
  const privateKey = await readLimited(`${path}.pem`)
  return { privateKey, certificate: await readLimited(`${path}.crt`) }
}

/** By absolute path: the last of those who write there or wait for it. Never rejects. */
const writers = new Map<string, Promise<void>>()

/** Rejects with ERR_CRYPTO_FILE; both files are as they were then. */
export function writeIdentityFiles(
  path: string,
  texts: IdentityTexts,
  overwrite: boolean,
): Promise<void> {
  const place = resolve(path)
  const turn = (writers.get(place) ?? Promise.resolve()).then(() => write(path, texts, overwrite))
  const end = turn
    .catch(() => {})
    .then(() => {
      if (writers.get(place) === end) writers.delete(place)
    })
  writers.set(place, end)
  return turn
}

async function write(
  path: string,
  { privateKey, certificate }: IdentityTexts,
  overwrite: boolean,
): Promise<void> {
  const key = new Replacement(`${path}.pem`, overwrite)
  const chain = new Replacement(`${path}.crt`, overwrite)
  try {
    await key.prepare(privateKey)
    await chain.prepare(certificate)
    await chain.keepOld()
    await chain.swap()
    try {
      await key.swap()
    } catch (error) {
      await chain.swapBack()
      throw error
    }
    await syncDirectory(dirname(path))
  } finally {
    await key.clean()
    await chain.clean()
  }
}

/** A file that is written in full beside the one it takes the place of. */
class Replacement {
  readonly #path: string
  readonly #new: string
  readonly #old: string
  readonly #overwrite: boolean
  #hasOld = false

  constructor(path: string, overwrite: boolean) {
    this.#path = path
    // Nobody else can have a file or a link there.
    const random = `${path}.${randomBytes(RANDOM_BYTES).toString('hex')}`
    this.#new = `${random}.new`
    this.#old = `${random}.old`
    this.#overwrite = overwrite
  }

  prepare(text: string): Promise<void> {
    return this.#attempt(async () => {
      if (!this.#overwrite && (await exists(this.#path))) throw new Error(EXISTS)
      const file = await open(this.#new, 'wx', FILE_MODE)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
    })
  }

  keepOld(): Promise<void> {
    return this.#attempt(async () => {
      if (!this.#overwrite || !(await exists(this.#path))) return
      if (!(await tryLink(this.#path, this.#old))) {
        await copyFile(this.#path, this.#old, constants.COPYFILE_EXCL)
      }
      this.#hasOld = true
    })
  }

  swap(): Promise<void> {
    return this.#attempt(async () => {
      // Unlike a rename, a link does not replace a file that somebody has made meanwhile.
      if (!this.#overwrite && (await tryLink(this.#new, this.#path))) return
      await renameFile(this.#new, this.#path)
    })
  }

  /** Best effort: what led here is what is reported. */
  async swapBack(): Promise<void> {
    if (this.#hasOld) await renameFile(this.#old, this.#path).catch(() => {})
    else await unlink(this.#path).catch(() => {})
  }

  async clean(): Promise<void> {
    await unlink(this.#new).catch(() => {})
    await unlink(this.#old).catch(() => {})
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      throw fileError('write', this.#path, error)
    }
  }
}

const EXISTS = 'it exists, and overwrite is not set'

async function readLimited(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`)
    return new Uint8Array(await readFile(path))
  } catch (error) {
    throw fileError('read', path, error)
  }
}

/** False where there are no hard links. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes the renames themselves durable. Not all systems can; the files are whole either way. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined
  try {
    directory = await open(path, 'r')
    await directory.sync()
  } catch {
    // Then a power failure may bring the old files back.
  } finally {
    await directory?.close()
  }
}

function fileError(action: 'read' | 'write', path: string, cause: unknown): CryptoError {
  const { code, message } = cause as NodeJS.ErrnoException
  const problem = `Cannot ${action} "${path}": ${code ?? message}`
  return new CryptoError('ERR_CRYPTO_FILE', problem, { cause })
}
