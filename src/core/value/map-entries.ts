// SPDX-License-Identifier: MIT
// Looks up entries of a MessagePack map by name, whatever their order. Finding first and reading
// afterwards gives the protocol's rules for free: a repeated key counts as its last one, and an
// entry that is to be ignored is never looked at.

import type { MsgpackReader } from '../wire/msgpack-reader.ts'

/** Longest name whose characters fit in an exact integer. */
const MAX_NAME = 6

/** The names (ASCII, at most 6 characters) of the entries that a kind of map has. */
export class EntryNames {
  readonly #codes: readonly number[]
  /** Where the value of each entry begins, in the order of the names; -1 when it is absent. */
  readonly offsets: number[]

  constructor(...names: string[]) {
    this.#codes = names.map((name) => {
      let code = 0
      for (let i = 0; i < name.length; i++) code = code * 256 + name.charCodeAt(i)
      return code
    })
    this.offsets = names.map(() => -1)
  }

  /**
   * Passes over a map and fills `offsets`, which are good until the next call. Throws WireError
   * when the map is cut off or is none.
   */
  find(reader: MsgpackReader): readonly number[] {
    const { offsets } = this
    for (let i = 0; i < offsets.length; i++) offsets[i] = -1
    for (let left = reader.mapHeader(); left > 0; left--) {
      if (reader.nextIsText) {
        reader.text()
        const index = this.#codes.indexOf(codeOfKey(reader))
        if (index >= 0) offsets[index] = reader.position
      } else {
        reader.skip()
      }
      reader.skip()
    }
    return offsets
  }
}

/** The last key read as a number; zero, which no name has, when it is longer than any name. */
function codeOfKey(reader: MsgpackReader): number {
  const { source, offset, length } = reader
  // Leading zero bytes would not show in the number.
  if (length > MAX_NAME || source[offset] === 0) return 0
  let code = 0
  for (let i = 0; i < length; i++) code = code * 256 + source[offset + i]!
  return code
}
