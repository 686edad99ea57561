// SPDX-License-Identifier: MIT
// Writes a register from this node: the slot that this node fills, and the watch that tells it what
// other writers of the same owner do. The slot follows the highest state that is known, so that
// the register lives as long as any node that wrote it.

import type { OperationOptions, PutOptions, PutResult } from '../api/dht-interface.ts'
import { PutError } from '../api/errors.ts'
import { Value, type ValueId } from '../core/value/value.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import type { Register } from './register.ts'
import {
  type CarriedState,
  compareStates,
  GENERATION,
  isSameState,
  packState,
  REGISTER_TYPE,
  readState,
} from './register-state.ts'
import { signValue } from './secure-value.ts'

/** What a writer needs of the node. */
export interface WriterHost {
  put(value: Value, options: PutOptions): Promise<PutResult>
  cancelPut(id: ValueId): Promise<boolean>
  /** Called when the writer has nothing more to do. */
  onReleased(): void
}

/** What this node stores for the register. */
interface Slot {
  readonly id: ValueId
  readonly state: CarriedState
}

export class RegisterWriter {
  readonly #register: Register
  readonly #key: PrivateKey
  readonly #host: WriterHost
  readonly #ended = new AbortController()
  /** The highest state that this node knows of. */
  #latest: CarriedState | undefined
  #slot: Slot | undefined
  #isStarted = false
  #isFollowing = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(register: Register, key: PrivateKey, host: WriterHost) {
    this.#register = register
    this.#key = key
    this.#host = host
  }

  /** Sets the state, or deletes it when `data` is undefined; one write after the other. */
  write(data: Uint8Array | undefined, options: OperationOptions): Promise<CarriedState> {
    const action = (): Promise<CarriedState> => this.#write(data, options)
    const turn = this.#turn.then(action, action)
    this.#turn = turn
    return turn
  }

  /** Stops following and keeping the state. */
  release(): void {
    this.#ended.abort()
    const slot = this.#slot
    this.#slot = undefined
    if (slot !== undefined) void this.#host.cancelPut(slot.id).catch(() => {})
    this.#host.onReleased()
  }

  async #write(data: Uint8Array | undefined, { signal }: OperationOptions): Promise<CarriedState> {
    signal?.throwIfAborted()
    this.#ended.signal.throwIfAborted()
    if (!this.#isStarted) await this.#start(signal)
    const revision = this.#latest === undefined ? 0 : this.#latest.revision + 1
    const unsigned = new Value({
      seq: revision % GENERATION,
      userType: REGISTER_TYPE,
      data: packState(revision, data),
    })
    const state = readState(await signValue(unsigned, this.#key))!
    // Others may have been faster while we signed; then ours is one of two of the same revision.
    this.#learn(state)
    await this.#fill(state, signal)
    return state
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    try {
      const latest = await this.#register.latest({ signal })
      if (latest !== undefined) this.#learn(latest)
    } catch (error) {
      // Without nodes there is nothing to learn: the put that follows says so.
      if (signal?.aborted) throw error
    }
    this.#isStarted = true
    void this.#watch()
  }

  /** Stores `state` in the slot of this node. */
  async #fill(state: CarriedState, signal?: AbortSignal): Promise<void> {
    const id = await this.#slotFor(state)
    // A deleted state needs no renewal: the note outlives all that was stored before it.
    const permanent = state.data !== undefined
    try {
      const { value } = await this.#host.put(state.value.withId(id), { permanent, signal })
      this.#slot = { id: value.id, state }
    } catch (error) {
      const isStored = error instanceof PutError && error.code !== 'ERR_DHT_LIMIT'
      this.#slot = isStored ? { id: error.value.id, state } : undefined
      throw error
    }
  }

  /** The id to put `state` under, 0 for a new one: nodes take no value over one of equal seq. */
  async #slotFor(state: CarriedState): Promise<ValueId> {
    const slot = this.#slot
    if (slot === undefined) return 0n
    const isEdit =
      slot.state.value.seq < state.value.seq &&
      Math.floor(slot.state.revision / GENERATION) === Math.floor(state.revision / GENERATION)
    if (isEdit) return slot.id
    await this.#host.cancelPut(slot.id)
    return 0n
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended
    try {
      for await (const { value, expired } of this.#register.changes(signal)) {
        const state = this.#register.read(value)
        if (state === undefined) continue
        if (expired) this.#forget(value.id)
        else if (this.#isBehind(state)) void this.#follow()
      }
    } catch {
      // Aborted by `release`, or the node cannot listen: what was set is kept all the same.
    }
  }

  #learn(state: CarriedState): void {
    if (this.#latest === undefined || compareStates(state, this.#latest) > 0) this.#latest = state
  }

  /** A note of a deletion expires like any value that is not renewed. */
  #forget(id: ValueId): void {
    if (id === this.#slot?.id) this.#slot = undefined
  }

  /**
   * Whether the slot has to be filled anew, now that `state` is in the network: another writer went
   * on, or one that was away brings back what was deleted.
   */
  #isBehind(state: CarriedState): boolean {
    this.#learn(state)
    const latest = this.#latest!
    if (this.#slot !== undefined) return !this.#isFilled
    return latest.data !== undefined || compareStates(state, latest) < 0
  }

  /** Whether the slot holds the latest state. */
  get #isFilled(): boolean {
    return this.#slot !== undefined && isSameState(this.#slot.state, this.#latest!)
  }

  /** Takes over the latest state, also what comes while it is at it. */
  async #follow(): Promise<void> {
    if (this.#isFollowing) return
    this.#isFollowing = true
    const action = async (): Promise<void> => {
      // A write of our own may have come first.
      for (let tried: CarriedState | undefined; !this.#isFilled && tried !== this.#latest; ) {
        if (this.#ended.signal.aborted) break
        tried = this.#latest!
        // What is stored here will be announced; else the next change is another occasion.
        await this.#fill(tried).catch(() => {})
      }
      this.#isFollowing = false
    }
    this.#turn = this.#turn.then(action, action)
  }
}
