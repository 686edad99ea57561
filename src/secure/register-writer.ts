// SPDX-License-Identifier: MIT
// Writes a register from this node: the slot that this node fills, and the watch that tells it what
// other writers of the same owner do. The slot follows the highest state that is known, so that
// the register lives as long as any node that wrote it.

import type { OperationOptions, PutOptions, PutResult } from '../api/dht-interface.ts'
import { PutError } from '../api/errors.ts'
import { untilAborted } from '../api/on-abort.ts'
import { MAX_VALUE_ID, Value, type ValueId } from '../core/value/value.ts'
import { checkValueSize } from '../core/value/value-size.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import type { Register } from './register.ts'
import {
  type CarriedState,
  compareStates,
  GENERATION,
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
  /** The highest state that is stored somewhere, as far as this node knows. */
  #latest: CarriedState | undefined
  #slot: Slot | undefined
  #hasRead = false
  #isWatching = false
  #isFollowing = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(register: Register, key: PrivateKey, host: WriterHost) {
    this.#register = register
    this.#key = key
    this.#host = host
  }

  /**
   * Sets the state, or deletes it when `data` is undefined; one write after the other. An abort
   * prevents a write that waits for its turn, and of one that has begun ends the waiting only.
   */
  write(data: Uint8Array | undefined, { signal }: OperationOptions): Promise<CarriedState> {
    const action = (): Promise<CarriedState> => this.#write(data, signal)
    const turn = this.#turn.then(action, action)
    this.#turn = turn
    return untilAborted(turn, signal)
  }

  /** Stops following and keeping the state. What is being written is withdrawn. */
  release(): void {
    this.#ended.abort(new DOMException('The register was released', 'AbortError'))
    const slot = this.#slot
    this.#slot = undefined
    if (slot !== undefined) void this.#host.cancelPut(slot.id).catch(() => {})
    this.#host.onReleased()
  }

  async #write(data: Uint8Array | undefined, signal?: AbortSignal): Promise<CarriedState> {
    signal?.throwIfAborted()
    this.#ended.signal.throwIfAborted()
    await this.#read(signal)
    const revision = this.#latest === undefined ? 0 : this.#latest.revision + 1
    const unsigned = new Value({
      id: MAX_VALUE_ID,
      seq: revision % GENERATION,
      userType: REGISTER_TYPE,
      data: packState(revision, data),
    })
    const value = await signValue(unsigned, this.#key)
    // Before anything is changed: what is too large is nobody's state.
    checkValueSize(value)
    const state = readState(value)!
    await this.#fill(state)
    return state
  }

  /** The first write asks the network what there is, later ones know it from the watch. */
  async #read(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasRead) {
      const latest = await this.#register.latest({ signal })
      if (latest !== undefined) this.#learn(latest)
      this.#hasRead = true
    }
    if (!this.#isWatching) void this.#watch()
  }

  /** Stores `state` in the slot of this node, and renews it from then on. */
  async #fill(state: CarriedState): Promise<void> {
    const { signal } = this.#ended
    const id = await this.#slotFor(state)
    // The watch may report the value before the put is confirmed.
    const before = this.#slot
    this.#slot = { id, state }
    try {
      const { value } = await this.#host.put(state.value.withId(id), { permanent: true, signal })
      this.#slot = { id: value.id, state }
      this.#learn(state)
    } catch (error) {
      this.#slot = before
      if (error instanceof PutError && error.code !== 'ERR_DHT_LIMIT') {
        // Stored here, and announced as soon as somebody can be reached.
        this.#slot = { id: error.value.id, state }
        this.#learn(state)
      }
      throw error
    }
  }

  /**
   * The id to put `state` under, 0 for a new one: nodes take no value over one of equal seq. The
   * former slot is given up then.
   */
  async #slotFor(state: CarriedState): Promise<ValueId> {
    const slot = this.#slot
    if (slot === undefined) return 0n
    const isEdit =
      slot.state.value.seq < state.value.seq &&
      Math.floor(slot.state.revision / GENERATION) === Math.floor(state.revision / GENERATION)
    if (isEdit) return slot.id
    this.#slot = undefined
    await this.#host.cancelPut(slot.id)
    return 0n
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended
    this.#isWatching = true
    try {
      for await (const { value, expired } of this.#register.changes(signal)) {
        const state = expired ? undefined : this.#register.read(value)
        if (state === undefined) continue
        this.#learn(state)
        if (!this.#isFilled) void this.#follow()
      }
    } catch {
      // Released, or the node cannot listen now: the next write tries again.
    }
    this.#isWatching = false
  }

  #learn(state: CarriedState): void {
    if (this.#latest === undefined || compareStates(state, this.#latest) > 0) this.#latest = state
  }

  /** Whether the slot holds the latest state, or a newer one that is being written. */
  get #isFilled(): boolean {
    return this.#slot !== undefined && compareStates(this.#slot.state, this.#latest!) >= 0
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
