// SPDX-License-Identifier: MIT
// Bit strings: bit 0 is the most significant one of byte 0.

/** Bit `index`; 0 behind the end. */
export function bitAt(bytes: Uint8Array, index: number): 0 | 1 {
  return (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) as 0 | 1
}

export function setBit(bytes: Uint8Array, index: number): void {
  bytes[index >> 3]! |= 0x80 >> (index & 7)
}

/** Number of equal leading bits, at most those of the shorter one. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! ^ b[i]!
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24
  }
  return 8 * length
}

/** As texts are ordered: byte by byte, and what another one begins with comes before it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
