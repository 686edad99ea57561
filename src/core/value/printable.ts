// SPDX-License-Identifier: MIT
// Text from strangers, made fit for terminals and logs.

/** `text` with control characters, and those that turn the direction of writing, as escapes. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
