// SPDX-License-Identifier: MIT
// Public face of the index, `opendht/pht`: it works on whatever is a DhtInterface.

export type { PhtClock } from './clock.ts'
export type { FieldBounds } from './field-range.ts'
export type { IndexValue } from './index-entry.ts'
export type { FieldLengths, IndexKey } from './key-spec.ts'
export {
  type LookupOptions,
  MAX_LEAF_ENTRIES,
  Pht,
  type PhtOptions,
  type RangeEntry,
  type RangeOptions,
} from './pht.ts'
export type { PhtStats } from './stats.ts'
export type { PhtDht } from './trie-reader.ts'
