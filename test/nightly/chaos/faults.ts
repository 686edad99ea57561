// SPDX-License-Identifier: MIT
// What goes wrong in a chaos run: one fault after the other, drawn from a seed. Witnesses are
// spared from death, stops and clocks that are wrong, not from anything that happens to packets.

import type { SeededRandom } from '../../support/seeded-random.ts'
import { type ChaosNetwork, GOOD_LINK } from './chaos-network.ts'
import type { Member } from './member.ts'

const MAX_DEAD_PART = 1 / 3
const MAX_STOP_MS = 20_000
const MAX_SPLIT_MS = 20_000
const MAX_CLOCK_STEP_MS = 3600_000

type Fault = 'kill' | 'revive' | 'stop' | 'link' | 'split' | 'address' | 'clock'
const FAULTS: readonly Fault[] = [
  ...(['kill', 'kill', 'revive', 'revive', 'revive', 'stop', 'stop'] as const),
  ...(['link', 'link', 'split', 'address', 'clock'] as const),
]

export class Faults {
  readonly counts: Record<Fault, number> = {
    kill: 0,
    revive: 0,
    stop: 0,
    link: 0,
    split: 0,
    address: 0,
    clock: 0,
  }
  readonly #network: ChaosNetwork
  readonly #mortals: readonly Member[]
  readonly #bootstrap: Member
  readonly #random: SeededRandom
  readonly #resumeAt = new Map<Member, number>()
  #joinAt = 0

  constructor(
    network: ChaosNetwork,
    members: { readonly mortals: readonly Member[]; readonly bootstrap: Member },
    random: SeededRandom,
  ) {
    this.#network = network
    this.#mortals = members.mortals
    this.#bootstrap = members.bootstrap
    this.#random = random
  }

  /** Ends what is over at `now`, in milliseconds, and lets one more thing happen. */
  async next(now: number): Promise<void> {
    for (const [member, at] of this.#resumeAt) if (at <= now) this.#resume(member)
    if (this.#joinAt !== 0 && this.#joinAt <= now) this.#join()
    const fault = this.#random.pick(FAULTS)
    if (await this.#make(fault, now)) this.counts[fault]++
  }

  /** Everything works again, and everybody lives. */
  async end(): Promise<void> {
    for (const member of this.#mortals) {
      this.#resume(member)
      member.setClock(0)
    }
    this.#join()
    this.#network.setLink(GOOD_LINK)
    for (const member of this.#mortals) {
      if (!member.isRunning) await member.start(this.#bootstrap.place.address)
    }
  }

  /** False when it cannot be done now. */
  async #make(fault: Fault, now: number): Promise<boolean> {
    const random = this.#random
    switch (fault) {
      case 'kill': {
        const living = this.#mortals.filter((it) => it.isRunning)
        const dead = this.#mortals.length - living.length
        if (dead + 1 > this.#mortals.length * MAX_DEAD_PART) return false
        await random.pick(living).kill()
        return true
      }
      case 'revive': {
        const dead = this.#mortals.find((it) => !it.isRunning)
        await dead?.start(this.#bootstrap.place.address)
        return dead !== undefined
      }
      case 'stop': {
        const member = random.pick(this.#mortals)
        if (!member.isRunning || member.isStopped) return false
        member.stop()
        this.#resumeAt.set(member, now + (random.uint32() % MAX_STOP_MS))
        return true
      }
      case 'link':
        this.#network.setLink(randomLink(random))
        return true
      case 'split': {
        if (this.#joinAt !== 0) return false
        const group = this.#network.hosts.filter(() => random.chance(0.5))
        this.#network.separate(group)
        this.#joinAt = now + (random.uint32() % MAX_SPLIT_MS)
        return true
      }
      case 'address':
        this.#network.changeAddress(random.pick(this.#mortals).place)
        return true
      case 'clock':
        random
          .pick(this.#mortals)
          .setClock((random.uint32() % (2 * MAX_CLOCK_STEP_MS)) - MAX_CLOCK_STEP_MS)
        return true
    }
  }

  #resume(member: Member): void {
    member.resume()
    this.#resumeAt.delete(member)
  }

  #join(): void {
    this.#network.separate([])
    this.#joinAt = 0
  }
}

function randomLink(random: SeededRandom) {
  const upTo = (max: number): number => random.uint32() % (max + 1)
  return {
    delayMs: upTo(120),
    jitterMs: upTo(100),
    lossPercent: upTo(15),
    duplicationPercent: upTo(5),
    reorderingPercent: upTo(10),
  }
}
