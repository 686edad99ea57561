// SPDX-License-Identifier: MIT
// The bytes of a stream as they come. Safari has no loops over streams, so this reads them.

/** Leaving the loop cancels the stream. */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = stream.getReader()
  try {
    for (let it = await reader.read(); !it.done; it = await reader.read()) yield it.value
  } finally {
    // It is at its end, broken or not wanted any more.
    reader.cancel().catch(() => {})
  }
}
