// SPDX-License-Identifier: MIT
// Assertions for our own bugs only. Data from the network is checked by the decoder and must never
// be able to trip one of these.

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${text}`)
}
