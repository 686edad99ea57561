// SPDX-License-Identifier: MIT
// Timers that fire when a test says that time has passed.

import { setImmediate as turn } from 'node:timers/promises'
import type { Schedule } from '../../src/api/schedule.ts'
import { TimeQueue } from './time-queue.ts'

interface Timer {
  action: (() => void) | undefined
}

export class VirtualSchedule {
  now = 0
  readonly #queue = new TimeQueue<Timer>()

  readonly schedule: Schedule = (action, delayMs) => {
    const timer: Timer = { action }
    this.#queue.add(this.now + delayMs, timer)
    return () => {
      timer.action = undefined
    }
  }

  /** Lets time pass, and what follows from it happen. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms
    await settle()
    while (this.#queue.nextAt <= end) {
      this.now = Math.max(this.now, this.#queue.nextAt)
      this.#queue.takeDue(this.now)?.action?.()
      await settle()
    }
    this.now = end
  }
}

/** Until streams of the web, which take several turns of the loop, have handed everything on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn()
}
