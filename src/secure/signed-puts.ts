// SPDX-License-Identifier: MIT
// The sequence number of a signed value that takes the place of an older one (spec crypto, section
// 15.4): one more than the highest that is known of the same owner under the same id.

import type { InfoHash } from '../core/id/info-hash.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import { CryptoError } from '../crypto/errors.ts'
import { MAX_SEQ } from './secure-value.ts'

/** Throws ERR_CRYPTO_SEQ when `value` cannot be changed any more. */
export function nextSeq(value: Value, owner: InfoHash, earlier: Iterable<Value>): number {
  let { seq } = value
  for (const old of earlier) {
    if (old.id !== value.id || !old.isSigned || !owner.equals(old.ownerId!)) continue
    if (old.seq >= seq) seq = old.seq + 1
  }
  if (seq <= MAX_SEQ) return seq
  throw new CryptoError(
    'ERR_CRYPTO_SEQ',
    `Cannot change value ${value.id} again: ${MAX_SEQ} is the last sequence number. Put a value ` +
      'with another id, or use a register',
  )
}

/** Lets puts of the same value id under the same key happen one after the other. */
export class PutTurns {
  readonly #last = new Map<string, Promise<unknown>>()

  run<T>(key: InfoHash, id: ValueId, action: () => Promise<T>): Promise<T> {
    const name = `${key} ${id}`
    const before = this.#last.get(name) ?? Promise.resolve()
    const turn = before.then(action, action)
    this.#last.set(name, turn)
    const forget = (): void => {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
    turn.then(forget, forget)
    return turn
  }
}
