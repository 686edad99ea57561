// SPDX-License-Identifier: MIT
// Frames in a stream of bytes: four bytes of length, big-endian, then the contents.

import { MAX_FRAME_BYTES } from './protocol.ts'

const HEADER_BYTES = 4

export class FrameReader {
  readonly #onFrame: (contents: Uint8Array) => void
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes needed before anything can be done. */
  #wanted = HEADER_BYTES

  /** The contents given to `onFrame` are a view that is valid during the call. */
  constructor(onFrame: (contents: Uint8Array) => void) {
    this.#onFrame = onFrame
  }

  /** Throws RangeError when a frame is longer than allowed. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#wanted) return
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length)
    const rest = bytes.subarray(this.#takeFrames(bytes))
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#length = rest.length
  }

  #takeFrames(bytes: Buffer): number {
    let at = 0
    for (;;) {
      this.#wanted = HEADER_BYTES
      if (bytes.length - at < HEADER_BYTES) return at
      const length = bytes.readUInt32BE(at)
      if (length > MAX_FRAME_BYTES) {
        throw new RangeError(`A frame must be at most ${MAX_FRAME_BYTES} bytes: got ${length}`)
      }
      const end = at + HEADER_BYTES + length
      if (end > bytes.length) {
        this.#wanted = end - at
        return at
      }
      this.#onFrame(bytes.subarray(at + HEADER_BYTES, end))
      at = end
    }
  }
}

/** The header of a frame with so many bytes of contents. */
export function frameHeader(length: number): Uint8Array {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(length)
  return header
}
