// SPDX-License-Identifier: MIT
// The registers that a node writes: one writer per key, however many handles the application has.

import { DhtError } from '../core/errors.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import type { WriterAccess } from './register.ts'
import { RegisterWriter } from './register-writer.ts'
import type { SecureDhtInterface } from './secure-interface.ts'

/** Each has a listen and a permanent put. */
const MAX_WRITERS = 65_536

export class RegisterWriters {
  readonly #dht: SecureDhtInterface
  readonly #byKey = new Map<string, RegisterWriter>()

  constructor(dht: SecureDhtInterface) {
    this.#dht = dht
  }

  access(key: InfoHash, signer: PrivateKey): WriterAccess {
    const name = key.toString()
    const dht = this.#dht
    return {
      find: () => this.#byKey.get(name),
      obtain: (register) => {
        const known = this.#byKey.get(name)
        if (known !== undefined) return known
        this.#checkRoom(key)
        const writer = new RegisterWriter(register, signer, {
          put: (value, options) => dht.put(key, value, options),
          cancelPut: (id) => dht.cancelPut(key, id),
          onReleased: () => this.#byKey.delete(name),
        })
        this.#byKey.set(name, writer)
        return writer
      },
    }
  }

  #checkRoom(key: InfoHash): void {
    if (this.#byKey.size < MAX_WRITERS) return
    throw new DhtError(
      'ERR_DHT_LIMIT',
      `Cannot write the register under ${key}: ${MAX_WRITERS} others are kept alive. Release some`,
    )
  }
}
