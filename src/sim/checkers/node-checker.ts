// SPDX-License-Identifier: MIT
// What checkers have in common that look at each node by itself: at a few of them at a time, and at
// all of them in the end.

import type { Checker } from '../checker.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'

export interface NodeCheckerOptions {
  /** Virtual time between two looks. Default 5000. */
  everyMs?: number
  /** Nodes looked at each time, in turn. Default 20. */
  nodesPerCheck?: number
}

export abstract class NodeChecker implements Checker {
  abstract readonly name: string
  readonly everyMs: number
  readonly #perCheck: number
  #next = 0
  protected network!: SimNetwork

  constructor({ everyMs = 5000, nodesPerCheck = 20 }: NodeCheckerOptions = {}) {
    this.everyMs = everyMs
    this.#perCheck = nodesPerCheck
  }

  start(network: SimNetwork): void {
    this.network = network
  }

  check(): void {
    const nodes = this.network.upNodes
    const count = Math.min(this.#perCheck, nodes.length)
    for (let i = 0; i < count; i++) this.checkNode(nodes[(this.#next + i) % nodes.length]!)
    this.#next = nodes.length === 0 ? 0 : (this.#next + count) % nodes.length
  }

  finish(): void {
    for (const node of this.network.upNodes) this.checkNode(node)
  }

  protected abstract checkNode(node: SimNode): void
}
