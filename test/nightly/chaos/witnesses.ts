// SPDX-License-Identifier: MIT
// Members that live through a chaos run, put and listen, and tell in the end whether everything
// that was acknowledged is there. Puts are permanent: whoever puts keeps its value alive.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Member } from './member.ts'

const KEYS = 12
const CHECK_GAP_MS = 3000

export interface Problem {
  /** Whose fault it is: that of the one that did not find or hear. */
  readonly isOurs: boolean
  readonly text: string
}

interface Put {
  readonly key: string
  readonly word: string
  readonly by: Member
}

export class Witnesses {
  readonly #members: readonly Member[]
  readonly #acknowledged: Put[] = []
  #asked = 0
  #gets = 0
  /** A prompt has one answer at a time. */
  readonly #turns = new Map<Member, Promise<void>>()

  constructor(members: readonly Member[]) {
    this.#members = members
  }

  get summary(): string {
    const { length } = this.#acknowledged
    return `${length} of ${this.#asked} puts acknowledged, ${this.#gets} gets to check them`
  }

  /** Each of them, to all keys. */
  async listen(): Promise<void> {
    for (const member of this.#members) {
      for (let n = 0; n < KEYS; n++) await member.node.listen(keyOf(n))
    }
  }

  /** One of them puts, in turn. Goes on by itself. */
  put(n: number): void {
    const by = this.#members[n % this.#members.length]!
    const [key, word] = [keyOf(n), `word-${n}-of-${by.name}`]
    this.#asked++
    const work = this.#inTurn(by, async () => {
      const { ok } = await by.node.put(key, word, true)
      if (ok) this.#acknowledged.push({ key, word, by })
    })
    // It took too long; whether the process lives is looked after by whoever started it.
    work.catch(() => undefined)
  }

  /** Everything has to be found and heard within this time. */
  async check(timeoutMs: number): Promise<Problem[]> {
    await Promise.allSettled(this.#turns.values())
    const end = performance.now() + timeoutMs
    for (;;) {
      const problems = [...(await this.#missing()), ...this.#unheard()]
      if (problems.length === 0 || performance.now() > end) return problems
      await sleep(CHECK_GAP_MS)
    }
  }

  async #missing(): Promise<Problem[]> {
    const problems: Problem[] = []
    const wanted = Map.groupBy(this.#acknowledged, ({ key }) => key)
    const ask = async (member: Member): Promise<void> => {
      for (const [key, puts] of wanted) {
        this.#gets++
        const found = await member.node.get(key).catch(() => ({ lines: [] }))
        const text = found.lines.join('\n')
        for (const { word, by } of puts) {
          if (hasWord(text, word)) continue
          const what = `does not find ${word} of ${by.name} under ${key}`
          problems.push({ isOurs: member.isOurs, text: `${member.name} ${what}` })
        }
      }
    }
    await Promise.all(this.#members.map(ask))
    return problems
  }

  #inTurn(member: Member, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(member) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(member, turn)
    return turn
  }

  #unheard(): Problem[] {
    return this.#members.flatMap((member) => {
      const heard = member.output.split('\n').filter((line) => line.includes('Value['))
      const text = heard.join('\n')
      return this.#acknowledged
        .filter(({ word }) => !hasWord(text, word))
        .map(({ word, by }) => ({
          isOurs: member.isOurs,
          text: `${member.name} did not hear of ${word} of ${by.name}`,
        }))
    })
  }
}

function keyOf(n: number): string {
  return `chaos-${n % KEYS}`
}

/** And not one that begins with it. */
function hasWord(text: string, word: string): boolean {
  return text.includes(`${word}"`) || new RegExp(`${word}(?![-\\w])`).test(text)
}
