// SPDX-License-Identifier: MIT
// The lines of a body as they arrive. Nobody can make us keep more than one line of limited length.

/** A value of the largest size, with every character of its text escaped, is shorter. */
export const MAX_LINE_CHARACTERS = 1024 * 1024

/**
 * Throws RangeError when a line is too long, and what the body throws when it breaks off. Calls
 * `onBytes` for whatever comes. Leaving the loop cancels the body.
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  // Of the line that has not ended: each part is looked at once, however small parts are.
  let parts: string[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      onBytes()
      const text = decoder.decode(value, { stream: true })
      let start = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        const line = parts.join('') + text.slice(start, end)
        parts = []
        length = 0
        if (line !== '') yield line
        start = end + 1
      }
      parts.push(text.slice(start))
      length += text.length - start
      if (length > MAX_LINE_CHARACTERS) {
        throw new RangeError(`a line is longer than ${MAX_LINE_CHARACTERS} characters`)
      }
    }
    const rest = parts.join('')
    if (rest.trim() !== '') yield rest
  } finally {
    // What comes of it concerns nobody: the body is broken, at its end, or not wanted any more.
    reader.cancel().catch(() => {})
  }
}
