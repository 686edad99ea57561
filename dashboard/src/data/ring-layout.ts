// SPDX-License-Identifier: MIT
// Where ids are drawn: around a circle by their value, and the nearer to its middle the more bits
// they share with the id there.

export const RING_SIZE = 640
export const RING_MIDDLE = RING_SIZE / 2
const OUTER = 262
const INNER = 74

export interface Place {
  readonly x: number
  readonly y: number
  readonly bits: number
}

/** Leading bits that two ids of hexadecimal digits share. */
export function commonBits(a: string, b: string): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  if (i === a.length) return 4 * i
  const difference = Number.parseInt(a[i]!, 16) ^ Number.parseInt(b[i] ?? '0', 16)
  return 4 * i + Math.clz32(difference) - 28
}

/** The part of the whole circle, 0 at the top and clockwise. */
export function turnOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32
}

/** Radius of the circle of ids that share `bits` bits, when the most are `maxBits`. */
export function radiusOf(bits: number, maxBits: number): number {
  return OUTER - ((OUTER - INNER) * bits) / Math.max(maxBits, 1)
}

export function placeOf(id: string, own: string, maxBits: number): Place {
  const bits = commonBits(id, own)
  return { ...pointAt(turnOf(id), radiusOf(Math.min(bits, maxBits), maxBits)), bits }
}

export function pointAt(turn: number, radius: number): { x: number; y: number } {
  const angle = 2 * Math.PI * turn - Math.PI / 2
  return {
    x: RING_MIDDLE + radius * Math.cos(angle),
    y: RING_MIDDLE + radius * Math.sin(angle),
  }
}

/** Path of an arc between two parts of the circle; `to` is the greater. */
export function arcPath(from: number, to: number, radius: number): string {
  // An arc cannot end where it begins.
  const end = Math.min(to, from + 0.9999)
  const a = pointAt(from, radius)
  const b = pointAt(end, radius)
  const isLarge = end - from > 0.5 ? 1 : 0
  const arc = `A${radius} ${radius} 0 ${isLarge} 1`
  return `M${fixed(a.x)} ${fixed(a.y)}${arc} ${fixed(b.x)} ${fixed(b.y)}`
}

function fixed(value: number): string {
  return value.toFixed(1)
}
