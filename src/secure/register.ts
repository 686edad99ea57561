// SPDX-License-Identifier: MIT
// A register: one piece of state under a key that its owner can set, overwrite and delete, and that
// anyone can read and watch. Made of signed values alone, so that any node of the network stores
// it. Every writing node has a value of its own, its slot; the highest state of all slots is that
// of the register, so writers never overwrite each other and all readers agree.

import type { OperationOptions } from '../api/dht-interface.ts'
import { describeType } from '../api/key.ts'
import type { WhereFields } from '../api/query-input.ts'
import type { ValueEvent } from '../api/value-queue.ts'
import { InfoHash } from '../core/id/info-hash.ts'
import { PkId } from '../core/id/pk-id.ts'
import { utf8 } from '../core/util/bytes.ts'
import type { Value } from '../core/value/value.ts'
import type { Certificate } from '../crypto/certificate.ts'
import { CryptoError } from '../crypto/errors.ts'
import type { PublicKey } from '../crypto/public-key.ts'
import {
  type CarriedState,
  compareStates,
  REGISTER_TYPE,
  type RegisterState,
  readState,
} from './register-state.ts'
import type { RegisterWriter } from './register-writer.ts'
import type { SecureDhtInterface } from './secure-interface.ts'

/** What `register` takes. */
export interface RegisterOptions {
  /**
   * Whose register it is: a public key, a certificate, or an id, as text too. Default the own
   * identity.
   */
  owner?: PublicKey | Certificate | InfoHash | PkId | string | undefined
}

/** The part of a node that writes one register. */
export interface WriterAccess {
  obtain(register: Register): RegisterWriter
  /** The writer, if this register was written. */
  find(): RegisterWriter | undefined
}

export interface RegisterInit {
  readonly dht: SecureDhtInterface
  readonly key: InfoHash
  readonly owner: InfoHash | PkId
  /** Undefined when the register is somebody else's. */
  readonly writer: WriterAccess | undefined
}

export class Register {
  readonly key: InfoHash
  readonly #dht: SecureDhtInterface
  readonly #owner: InfoHash | PkId
  readonly #writer: WriterAccess | undefined

  /** For `SecureDht.register`. */
  constructor({ dht, key, owner, writer }: RegisterInit) {
    this.key = key
    this.#dht = dht
    this.#owner = owner
    this.#writer = writer
  }

  /**
   * The state in the network; undefined when there is none, or when it was deleted. Rejects as a
   * get does.
   */
  async get(options: OperationOptions = {}): Promise<RegisterState | undefined> {
    const state = await this.latest(options)
    return state?.data === undefined ? undefined : exposed(state)
  }

  /**
   * Sets the state, text as its UTF-8 bytes. This node keeps it alive until it is closed or
   * `release` is called. Rejects with RangeError when it is too large, as a get does when the
   * register cannot be read before, and as a put does: what was set is then announced as soon as
   * nodes can be reached. An abort prevents what has not begun, and else ends the waiting only.
   */
  async set(data: string | Uint8Array, options: OperationOptions = {}): Promise<RegisterState> {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(`data must be a string or a Uint8Array: got ${describeType(data)}`)
    }
    const bytes = typeof data === 'string' ? utf8(data) : new Uint8Array(data)
    return exposed(await this.#requireWriter('set').write(bytes, options))
  }

  /**
   * Ends the state. This node tells so whoever asks until it is closed or `release` is called;
   * other nodes keep the note for ten minutes more, longer than any earlier state. Rejects as
   * `set` does.
   */
  async delete(options: OperationOptions = {}): Promise<void> {
    await this.#requireWriter('delete').write(undefined, options)
  }

  /**
   * Each state once, in order, beginning with the present one: `data` is undefined when it was
   * deleted, or expired because nobody kept it alive. A reader that is slow gets the last state
   * instead of every one. Ends without an error when the node is closed.
   */
  async *watch(options: OperationOptions = {}): AsyncGenerator<RegisterState, void, undefined> {
    const { signal } = options
    const slots = new Set<bigint>()
    let last: CarriedState | undefined
    for await (const { value, expired } of this.changes(signal)) {
      const state = this.read(value)
      if (state === undefined) continue
      if (!expired) {
        slots.add(value.id)
        if (last !== undefined && compareStates(state, last) <= 0) continue
        last = state
        yield exposed(state)
        continue
      }
      slots.delete(value.id)
      if (slots.size > 0 || last === undefined) continue
      const { revision, data } = last
      last = undefined
      if (data !== undefined) yield { revision, data: undefined }
    }
  }

  /** Stops keeping the state alive: unless others do, it expires within ten minutes. */
  release(): void {
    this.#writer?.find()?.release()
  }

  /** For the writer: changes of all slots, and of what else may be there. */
  changes(signal: AbortSignal | undefined): AsyncIterable<ValueEvent> {
    return this.#dht.listen(this.key, this.#options(signal))
  }

  /** For the writer: the highest state in the network, also a deleted one. */
  async latest(options: OperationOptions): Promise<CarriedState | undefined> {
    let latest: CarriedState | undefined
    for await (const value of this.#dht.get(this.key, this.#options(options.signal))) {
      const state = this.read(value)
      if (state === undefined) continue
      if (latest === undefined || compareStates(state, latest) > 0) latest = state
    }
    return latest
  }

  /** For the writer: the state that a value carries; undefined when it is none of this register. */
  read(value: Value): CarriedState | undefined {
    const owner = this.#owner
    const isOwners =
      owner instanceof PkId
        ? value.owner !== undefined && PkId.get(value.owner).equals(owner)
        : (value.ownerId?.equals(owner) ?? false)
    return isOwners ? readState(value) : undefined
  }

  #options(signal: AbortSignal | undefined): {
    where: WhereFields
    signal: AbortSignal | undefined
  } {
    const owner = this.#owner instanceof InfoHash ? this.#owner : undefined
    return { where: { userType: REGISTER_TYPE, owner }, signal }
  }

  #requireWriter(action: string): RegisterWriter {
    if (this.#writer !== undefined) return this.#writer.obtain(this)
    throw new CryptoError(
      'ERR_CRYPTO_NO_IDENTITY',
      `Cannot ${action} the register under ${this.key}: only its owner ${this.#owner} can, with ` +
        'its private key',
    )
  }
}

function exposed({ revision, data }: RegisterState): RegisterState {
  return { revision, data }
}
