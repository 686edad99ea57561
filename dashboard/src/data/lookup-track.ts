// SPDX-License-Identifier: MIT
// The course of one lookup, put together from the states of it that were seen: a node has a place
// in the order from when it was first listed, asked, and heard.

import type { SearchJson } from '../../../src/proxy/server/inspect/inspection-types.ts'

export interface Step {
  readonly id: string
  readonly commonBits: number
  /** Which look at the search showed it first, from 0. */
  readonly look: number
  /** It is among the nodes of the search still. */
  isMember: boolean
  isAsked: boolean
  hasAnswered: boolean
  isGone: boolean
}

const MAX_STEPS = 400

export class LookupTrack {
  readonly #steps = new Map<string, Step>()
  #looks = 0

  get steps(): readonly Step[] {
    return [...this.#steps.values()]
  }

  add({ nodes }: SearchJson): void {
    let isNews = false
    for (const step of this.#steps.values()) step.isMember = false
    for (const { id, commonBits, pending, isSynced, isExpired } of nodes) {
      let step = this.#steps.get(id)
      if (step === undefined) {
        if (this.#steps.size >= MAX_STEPS) continue
        step = {
          id,
          commonBits,
          look: this.#looks,
          isMember: true,
          isAsked: false,
          hasAnswered: false,
          isGone: false,
        }
        this.#steps.set(id, step)
        isNews = true
      }
      step.isMember = true
      step.isAsked ||= pending > 0
      step.hasAnswered ||= isSynced
      step.isGone = isExpired
    }
    if (isNews) this.#looks++
  }
}
