// SPDX-License-Identifier: MIT
// Places of a search for nodes, so many for each of its paths. Paths share no node that is asked:
// what a node lists is only heard by the path that it belongs to. So liars who list each other take
// the places of the paths that met one of them, and no others.

export class Rooms {
  readonly #left: number[] = []
  #open = 0

  start(paths: number, places: number): this {
    // To empty the array would give its memory back, for each step of each search.
    for (let path = 0; path < paths; path++) this.#left[path] = places
    if (this.#left.length !== paths) this.#left.length = paths
    this.#open = paths
    return this
  }

  /** True when there is a place in one of the `paths`, a set of bits: takes one in each of them. */
  take(paths: number): boolean {
    let fits = false
    for (let path = 0; path < this.#left.length; path++) {
      if ((paths & (1 << path)) === 0 || this.#left[path] === 0) continue
      fits = true
      if (--this.#left[path]! === 0) this.#open--
    }
    return fits
  }

  get isFull(): boolean {
    return this.#open === 0
  }
}
