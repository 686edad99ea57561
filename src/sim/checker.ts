// SPDX-License-Identifier: MIT
// A rule that has to hold all through a simulation. Checkers watch (SimObserver), look at the
// network now and then, and may use nodes from `check` and `finish`.

import type { SimObserver } from './observer.ts'
import type { SimNetwork } from './sim-network.ts'

export interface Checker extends SimObserver {
  /** Names it in errors. */
  readonly name: string
  /** How often `check` is called, in virtual time; never when it is left out. */
  readonly everyMs?: number
  /** Called once, before anything else. */
  start?(network: SimNetwork): void
  check?(): void
  /** Called by `network.finish()`, when the test is over. */
  finish?(): void
}
