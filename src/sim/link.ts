// SPDX-License-Identifier: MIT
// What a link does to datagrams, as plain options, and the choice of the link between two nodes.
// Pure bookkeeping: who carries datagrams over it is the medium.

/**
 * One-way delay between two nodes, drawn once per pair so that a pair keeps its distance: constant,
 * uniform, or log-normal with most near the median and a long tail (`sigma` 0.5 is typical).
 */
export type DelayMs =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly median: number; readonly sigma: number }

/** What a way from node to node does to datagrams. */
export interface LinkOptions {
  /** Default uniform, 5 to 95 ms. */
  delayMs?: DelayMs | undefined
  /** Added to each datagram, uniform from 0; datagrams that are closer than this may overtake. */
  jitterMs?: number | undefined
  /** Probabilities per datagram, 0 … 1; default 0. */
  loss?: number | undefined
  duplication?: number | undefined
  /** The datagram is held back for up to `reorderMs`, and others overtake it. */
  reordering?: number | undefined
  /** One bit is flipped. Real networks drop nearly all of these by their checksums. */
  corruption?: number | undefined
  /** Default 200. */
  reorderMs?: number | undefined
  /** Size of an IP packet, headers included; larger ones are dropped. Default 1500. */
  mtu?: number | undefined
}

export type Link = { readonly [K in keyof Required<LinkOptions>]: NonNullable<LinkOptions[K]> }

/** A limit to what a node sends or receives; what does not fit into the queue is dropped. */
export interface Bandwidth {
  readonly bytesPerSecond: number
  /** Default 64 KiB. */
  readonly queueBytes?: number | undefined
}

export const DEFAULT_LINK: Link = {
  delayMs: { min: 5, max: 95 },
  jitterMs: 1,
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  reorderMs: 200,
  mtu: 1500,
}

const PROBABILITIES = ['loss', 'duplication', 'reordering', 'corruption'] as const

/** Fills in what `options` leave out. Throws RangeError naming the wrong field. */
export function resolveLink(options: LinkOptions, base: Link): Link {
  const link: Link = {
    delayMs: options.delayMs ?? base.delayMs,
    jitterMs: options.jitterMs ?? base.jitterMs,
    loss: options.loss ?? base.loss,
    duplication: options.duplication ?? base.duplication,
    reordering: options.reordering ?? base.reordering,
    corruption: options.corruption ?? base.corruption,
    reorderMs: options.reorderMs ?? base.reorderMs,
    mtu: options.mtu ?? base.mtu,
  }
  for (const name of PROBABILITIES) {
    const value = link[name]
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(`${name} must be a probability of 0 to 1: got ${value}`)
    }
  }
  for (const name of ['jitterMs', 'reorderMs', 'mtu'] as const) checkPositive(name, link[name])
  checkDelay(link.delayMs)
  return link
}

/** The delay between two nodes: follows from the seed and their numbers, the same both ways. */
export function delayBetween(delay: DelayMs, seed: number, a: number, b: number): number {
  if (typeof delay === 'number') return delay
  const low = Math.min(a, b)
  const high = Math.max(a, b)
  const first = hashFraction(seed, low, high, 1)
  if ('min' in delay) return delay.min + first * (delay.max - delay.min)
  const second = hashFraction(seed, low, high, 2)
  const normal = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second)
  return delay.median * Math.exp(delay.sigma * normal)
}

/** Somewhere in 0 … 1, without 1; the same for the same numbers. */
function hashFraction(seed: number, a: number, b: number, salt: number): number {
  let hash = Math.imul(seed ^ Math.imul(a + 1, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(b + 1, 0xc2b2ae35), 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 13) ^ Math.imul(salt, 0x165667b1), 0x9e3779b1)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

function checkDelay(delay: DelayMs): void {
  if (typeof delay === 'number') return checkPositive('delayMs', delay)
  if ('min' in delay) {
    checkPositive('delayMs.min', delay.min)
    if (Number.isFinite(delay.max) && delay.max >= delay.min) return
    throw new RangeError(`delayMs.max must be a number, ${delay.min} or more: got ${delay.max}`)
  }
  checkPositive('delayMs.median', delay.median)
  checkPositive('delayMs.sigma', delay.sigma)
}

function checkPositive(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return
  throw new RangeError(`${name} must be a number, 0 or more: got ${value}`)
}
