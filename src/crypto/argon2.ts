// SPDX-License-Identifier: MIT
// Argon2i with the parameters of OpenDHT. Node.js has it from version 24.7 on; before, it is done
// in plain JavaScript in a thread, which is about ten times slower but needs no other package.

import * as nodeCrypto from 'node:crypto'
import { WorkerTask } from './worker-task.ts'

const PASSES = 16
const MEMORY_KIB = 65_536
const PARALLELISM = 1
const KEY_BYTES = 32
/** Some seconds each. */
const MAX_PENDING = 64

type Argon2i = (password: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>

interface Argon2Input {
  /** Address of the module, as a thread cannot resolve the names of packages. */
  module: string
  password: Uint8Array
  salt: Uint8Array
  options: { t: number; m: number; p: number; dkLen: number }
}

/** Absent in Node.js 20 and 22, whatever the types say. */
const native = nodeCrypto.argon2 as typeof nodeCrypto.argon2 | undefined

const argon2Task = new WorkerTask<Argon2Input, Uint8Array>(
  async ({ module, password, salt, options }) => {
    const { argon2i } = await import(module)
    return argon2i(password, salt, options)
  },
  { maxPending: MAX_PENDING },
)

/** 32 bytes; takes about a second, off the event loop. The salt has at least 8 bytes. */
export const argon2i: Argon2i = native === undefined ? argon2iPortable : argon2iNative

/** As `argon2i`, in JavaScript. */
export function argon2iPortable(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return argon2Task.run({
    module: import.meta.resolve('@noble/hashes/argon2.js'),
    password: Uint8Array.from(password),
    salt: Uint8Array.from(salt),
    options: { t: PASSES, m: MEMORY_KIB, p: PARALLELISM, dkLen: KEY_BYTES },
  })
}

function argon2iNative(message: Uint8Array, nonce: Uint8Array): Promise<Uint8Array> {
  const parameters = {
    message,
    nonce,
    parallelism: PARALLELISM,
    tagLength: KEY_BYTES,
    memory: MEMORY_KIB,
    passes: PASSES,
  }
  return new Promise((resolve, reject) => {
    native!('argon2i', parameters, (error, key) => {
      if (error) reject(error)
      else resolve(new Uint8Array(key))
    })
  })
}
