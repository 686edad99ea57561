// SPDX-License-Identifier: MIT
// Write tokens (spec wire, section 6): proof that whoever puts, refreshes or listens gets datagrams
// at the address that it sends from. A keyed MAC over family, address and port; nothing is stored
// per peer. The key changes at random times, and the one before it is still honoured.

import { TOKEN_ROTATE_MAX_MS, TOKEN_ROTATE_MIN_MS } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import type { Random } from '../ports.ts'
import { writeWord } from '../util/bytes.ts'
import { SIPHASH_KEY_BYTES, SipHash } from '../util/siphash.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'

/**
 * Two MACs with keys of their own. One, of 64 bits, would do against guesses at one node; but a
 * botnet guesses at all nodes of the network at once, for the address of any victim, and a second
 * one makes that hopeless for 0.1 µs per token.
 */
export const TOKEN_BYTES = 16

const TOKEN_WORDS = TOKEN_BYTES / 4

interface Secret {
  readonly first: SipHash
  readonly second: SipHash
}

export class Tokens extends Deadline {
  readonly #random: Random
  readonly #wheel: TimerWheel
  #current: Secret
  #previous: Secret
  /** Input and output of the MAC, reused. */
  readonly #words = new Int32Array(5)
  readonly #mac = new Int32Array(TOKEN_WORDS)
  readonly #half = new Int32Array(2)
  readonly #token = new Uint8Array(TOKEN_BYTES)

  /** `random` has to be unpredictable: tokens are as secret as its output. */
  constructor(random: Random, wheel: TimerWheel, now: number) {
    super()
    this.#random = random
    this.#wheel = wheel
    this.#current = newSecret(random)
    this.#previous = this.#current
    this.#schedule(now)
  }

  /** The token of `address`. The array is overwritten by the next call: nothing may keep it. */
  issue(address: SocketAddress): Uint8Array {
    this.#compute(this.#current, address)
    for (let i = 0; i < TOKEN_WORDS; i++) writeWord(this.#token, 4 * i, this.#mac[i]!)
    return this.#token
  }

  /** Whether `token` was issued to this address and port, by this or the previous secret. */
  check(address: SocketAddress, token: Uint8Array): boolean {
    if (token.length !== TOKEN_BYTES) return false
    return (
      this.#matches(this.#current, address, token) || this.#matches(this.#previous, address, token)
    )
  }

  /** Time for a new secret. */
  fire(now: number): void {
    this.#previous = this.#current
    this.#current = newSecret(this.#random)
    this.#schedule(now)
  }

  #schedule(now: number): void {
    const spread = TOKEN_ROTATE_MAX_MS - TOKEN_ROTATE_MIN_MS
    this.#wheel.schedule(this, now + TOKEN_ROTATE_MIN_MS + (this.#random.uint32() % (spread + 1)))
  }

  /** Looks at all bytes, whichever differ, so that the time taken tells nothing about them. */
  #matches(secret: Secret, address: SocketAddress, token: Uint8Array): boolean {
    this.#compute(secret, address)
    let difference = 0
    for (let i = 0; i < TOKEN_BYTES; i++) {
      difference |= token[i]! ^ ((this.#mac[i >> 2]! >>> (24 - 8 * (i & 3))) & 0xff)
    }
    return difference === 0
  }

  #compute(secret: Secret, address: SocketAddress): void {
    const words = this.#words
    words[0] = (address.family << 16) | address.port
    words[1] = address.a0
    words[2] = address.a1
    words[3] = address.a2
    words[4] = address.a3
    const count = address.family === 4 ? 2 : 5
    secret.first.hash(words, count, this.#half)
    this.#mac[0] = this.#half[0]!
    this.#mac[1] = this.#half[1]!
    secret.second.hash(words, count, this.#half)
    this.#mac[2] = this.#half[0]!
    this.#mac[3] = this.#half[1]!
  }
}

function newSecret(random: Random): Secret {
  const key = new Uint8Array(2 * SIPHASH_KEY_BYTES)
  random.fill(key)
  return {
    first: new SipHash(key.subarray(0, SIPHASH_KEY_BYTES)),
    second: new SipHash(key.subarray(SIPHASH_KEY_BYTES)),
  }
}
