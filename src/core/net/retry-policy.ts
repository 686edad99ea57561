// SPDX-License-Identifier: MIT
// When to repeat an unanswered request and when to give it up: the one place that knows about retry
// timing (spec wire, section 11). Upstream's fixed waits for now, behind an interface that has room
// for round-trip estimates per node.

import type { Random } from '../ports.ts'

/** What is remembered per node; nothing yet beside the last round trip. */
export interface RetryState {
  /** Milliseconds between request and answer, of the last request that was sent once. */
  roundTripMs: number
}

export const MAX_ATTEMPTS = 3
const BASE_WAIT_MS = 1000
const JITTER_MS = 250

/** Wait after attempt number `attempt` (1 …), given the wait before it (0 for the first). */
export function retryWaitMs(attempt: number, previousMs: number, random: Random): number {
  const jitter = random.uint32() % JITTER_MS
  return (attempt === 1 ? BASE_WAIT_MS : 2 * previousMs) + jitter
}
