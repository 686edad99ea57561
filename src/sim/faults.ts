// SPDX-License-Identifier: MIT
// What a test breaks between nodes, until it heals it: cuts, which swallow datagrams, and clogs,
// which hold them back. A datagram is judged when it is sent; what is under way arrives.

import type { Family } from '../core/id/socket-address.ts'

/** Nodes by name, by rule (asked for each datagram, so newcomers count), or all. */
export type NodeSet<N> = 'all' | readonly N[] | ((node: N) => boolean)

/** What a cut lets through. */
export interface CutOptions {
  /** Only what goes from the first set to the second. Default false. */
  oneWay?: boolean | undefined
  /** Only these families. Default both. */
  families?: readonly Family[] | undefined
}

/** Ends what it stands for; may be called again. */
export interface Fault {
  readonly isActive: boolean
  heal(): void
}

export interface FaultRecord {
  readonly fault: number
  readonly kind: 'cut' | 'clog'
  readonly text: string
}

export class Faults<N> {
  readonly #onChange: (record: FaultRecord, isActive: boolean) => void
  #cuts: Cut<N>[] = []
  #clogs: Clog<N>[] = []
  #count = 0

  constructor(onChange: (record: FaultRecord, isActive: boolean) => void) {
    this.#onChange = onChange
  }

  cut(a: NodeSet<N>, b: NodeSet<N>, options: CutOptions): Fault {
    const cut = new Cut(toRule(a), toRule(b), options)
    const arrow = options.oneWay === true ? '->' : '<->'
    const families = options.families === undefined ? '' : `, IPv${options.families.join(', IPv')}`
    const text = `${describe(a)} ${arrow} ${describe(b)}${families}`
    this.#cuts.push(cut)
    return this.#fault('cut', text, () => {
      this.#cuts = this.#cuts.filter((other) => other !== cut)
    })
  }

  /** Holds everything between the two sets back until `untilMs`. */
  clog(a: NodeSet<N>, b: NodeSet<N>, untilMs: number): Fault {
    const clog: Clog<N> = { pair: new Cut(toRule(a), toRule(b), {}), untilMs }
    this.#clogs.push(clog)
    return this.#fault('clog', `${describe(a)} <-> ${describe(b)}`, () => {
      this.#clogs = this.#clogs.filter((other) => other !== clog)
    })
  }

  blocks(from: N, to: N, family: Family): boolean {
    for (const cut of this.#cuts) if (cut.matches(from, to, family)) return true
    return false
  }

  /** Until when a datagram is held back; 0 when it is not. */
  heldUntil(from: N, to: N, family: Family): number {
    let until = 0
    for (const { pair, untilMs } of this.#clogs) {
      if (pair.matches(from, to, family)) until = Math.max(until, untilMs)
    }
    return until
  }

  #fault(kind: FaultRecord['kind'], text: string, end: () => void): Fault {
    const record: FaultRecord = { fault: ++this.#count, kind, text }
    this.#onChange(record, true)
    let isActive = true
    return {
      get isActive() {
        return isActive
      },
      heal: () => {
        if (!isActive) return
        isActive = false
        end()
        this.#onChange(record, false)
      },
    }
  }
}

interface Clog<N> {
  readonly pair: Cut<N>
  readonly untilMs: number
}

class Cut<N> {
  readonly #a: (node: N) => boolean
  readonly #b: (node: N) => boolean
  readonly #isOneWay: boolean
  readonly #families: readonly Family[] | undefined

  constructor(a: (node: N) => boolean, b: (node: N) => boolean, options: CutOptions) {
    this.#a = a
    this.#b = b
    this.#isOneWay = options.oneWay ?? false
    this.#families = options.families
  }

  matches(from: N, to: N, family: Family): boolean {
    if (this.#families !== undefined && !this.#families.includes(family)) return false
    if (this.#a(from) && this.#b(to)) return true
    return !this.#isOneWay && this.#a(to) && this.#b(from)
  }
}

function toRule<N>(nodes: NodeSet<N>): (node: N) => boolean {
  if (nodes === 'all') return () => true
  if (typeof nodes === 'function') return nodes
  if (!Array.isArray(nodes)) {
    throw new TypeError(`A set of nodes is a list, a function or 'all': got ${String(nodes)}`)
  }
  const members = new Set(nodes)
  return (node) => members.has(node)
}

function describe<N>(nodes: NodeSet<N>): string {
  if (nodes === 'all') return 'all nodes'
  return typeof nodes === 'function' ? 'some nodes' : `${nodes.length} nodes`
}
