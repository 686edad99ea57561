// SPDX-License-Identifier: MIT
// Arenas of outboxes that have nothing to say. The one that was used last is taken first: it is in
// the processor's cache, and its driver knows its address.

const INITIAL_BYTES = 4096
/** Nodes that are in the middle of their input at the same time. */
const MAX_ARENAS = 16
/** Arenas up to this size are kept between bursts … */
const KEPT_BYTES = 32 * 1024
/** … and larger ones while at least this part of them is in use. */
const KEPT_USE = 1 / 16

export class ArenaPool {
  readonly #arenas: Uint8Array[] = []

  take(): Uint8Array {
    return this.#arenas.pop() ?? new Uint8Array(INITIAL_BYTES)
  }

  /** Takes an arena over of which `used` bytes were needed. Nobody may read it any more. */
  give(arena: Uint8Array, used: number): void {
    if (arena.length === 0 || this.#arenas.length === MAX_ARENAS) return
    const isInUse = arena.length <= KEPT_BYTES || used >= arena.length * KEPT_USE
    if (isInUse) this.#arenas.push(arena)
  }
}
