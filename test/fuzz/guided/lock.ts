// SPDX-License-Identifier: MIT
// Opens to one word, and shows with each letter that it was right: see guided.test.ts.

const WORD = [0x6b, 0xe5, 0x79]

export function openLock(input: Uint8Array): boolean {
  if (input[0] !== WORD[0]) return false
  if (input[1] !== WORD[1]) return false
  return input[2] === WORD[2]
}
