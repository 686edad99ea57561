// SPDX-License-Identifier: MIT
// How much is read from one source, and from all together: a bucket of tokens each, which fills
// steadily. A neighbour that floods the network is not listened to; the others still are, as long
// as it does not forge addresses, and then the bucket of all protects this process.

import { LruMap } from '../core/util/lru-map.ts'

export interface SourceLimits {
  readonly perSource: Rate
  readonly total: Rate
}

export interface Rate {
  readonly perSecond: number
  /** Tokens that may be saved up. */
  readonly burst: number
}

/** Sources that are told apart. */
const MAX_SOURCES = 1024

interface Bucket {
  tokens: number
  filledAt: number
}

export class SourceLimiter {
  readonly #limits: SourceLimits
  readonly #sources = new LruMap<string, Bucket>(MAX_SOURCES)
  readonly #total: Bucket

  constructor(limits: SourceLimits) {
    this.#limits = limits
    this.#total = { tokens: limits.total.burst, filledAt: 0 }
  }

  /** Whether something that costs `tokens` may pass; if so, it is paid for. */
  allow(source: string, tokens: number, now: number): boolean {
    const { perSource, total } = this.#limits
    let bucket = this.#sources.get(source)
    if (bucket === undefined) {
      bucket = { tokens: perSource.burst, filledAt: now }
      this.#sources.set(source, bucket)
    }
    fill(bucket, perSource, now)
    fill(this.#total, total, now)
    if (bucket.tokens < tokens || this.#total.tokens < tokens) return false
    bucket.tokens -= tokens
    this.#total.tokens -= tokens
    return true
  }
}

function fill(bucket: Bucket, { perSecond, burst }: Rate, now: number): void {
  const added = ((now - bucket.filledAt) * perSecond) / 1000
  bucket.tokens = Math.min(burst, bucket.tokens + added)
  bucket.filledAt = now
}
