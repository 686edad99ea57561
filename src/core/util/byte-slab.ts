// SPDX-License-Identifier: MIT
// Copies of short byte strings, side by side in shared blocks: an array of its own costs ten times
// as much from 65 bytes on. A copy keeps its block alive, so this is for what is soon forgotten.

const BLOCK_BYTES = 16_384
/** Longer ones get an array of their own, so that the end of a block is never wasted by much. */
const LARGE_BYTES = 2048

export class ByteSlab {
  #block = new Uint8Array(0)
  #used = 0

  /** A copy that nothing else will ever write to. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    if (length > LARGE_BYTES) return new Uint8Array(bytes)
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES)
      this.#used = 0
    }
    const copy = this.#block.subarray(this.#used, this.#used + length)
    copy.set(bytes)
    this.#used += length
    return copy
  }
}
