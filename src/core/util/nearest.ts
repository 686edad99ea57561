// SPDX-License-Identifier: MIT
// The known word that a mistyped one is probably meant to be.

/** More edits than one for every so many letters make another word. */
const LETTERS_PER_EDIT = 3

/** Undefined when nothing is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(word.length / LETTERS_PER_EDIT)) + 1
  for (const candidate of known) {
    const edits = edit(word.toLowerCase(), candidate.toLowerCase())
    // A word of which nothing is left is not the one that was meant.
    if (edits < fewest && edits < candidate.length) {
      best = candidate
      fewest = edits
    }
  }
  return best
}

/** ` Did you mean "…"?`, or nothing; for the end of a message. */
export function suggestion(word: string, known: Iterable<string>, prefix = ''): string {
  const found = nearest(word, known)
  return found === undefined ? '' : `. Did you mean ${prefix}${found}?`
}

/** Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`. */
function edit(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) edits = Math.min(edits, at(beforeLast, j - 2) + 1)
      row.push(edits)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
