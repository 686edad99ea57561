// SPDX-License-Identifier: MIT
// Nodes that come and go by themselves: sessions of random, exponentially distributed length.

import type { SimNetwork } from './sim-network.ts'
import type { SimNode } from './sim-node.ts'

/** How nodes come and go. */
export interface ChurnOptions {
  /** Half of the sessions are shorter. */
  medianSessionMs: number
  /** Time between two sessions of a node: median as well. Default 0: back at once. */
  medianDownMs?: number | undefined
  /** Who comes and goes. Default all nodes but the first. */
  nodes?: readonly SimNode[] | undefined
  /**
   * `new` (default): who returns is a new node with a new id. `saved`: it has saved its state.
   */
  state?: 'new' | 'saved' | undefined
}

export interface Churn {
  /** Sessions that ended. */
  readonly crashes: number
  /** Nobody goes any more; who is away returns. */
  stop(): void
}

export function startChurn(network: SimNetwork, options: ChurnOptions): Churn {
  const { medianSessionMs, medianDownMs = 0, state = 'new' } = options
  const nodes = options.nodes ?? network.nodes.slice(1)
  if (!(medianSessionMs > 0)) {
    throw new RangeError(`medianSessionMs must be a number above 0: got ${medianSessionMs}`)
  }
  const random = network.random.fork('churn')
  let isStopped = false
  let crashes = 0

  const leave = (node: SimNode): void => {
    if (isStopped || node.isClosed) return
    // It has not come yet, or something else keeps it away.
    if (!node.isUp) return plan(node)
    if (state === 'saved') node.saveState()
    node.crash()
    crashes++
    network.schedule(random.exponential(medianDownMs / Math.LN2), () => enter(node))
  }
  const enter = (node: SimNode): void => {
    node.restart({ state: state === 'saved' ? 'saved' : 'none' })
    plan(node)
  }
  const plan = (node: SimNode): void => {
    network.schedule(random.exponential(medianSessionMs / Math.LN2), () => leave(node))
  }
  for (const node of nodes) plan(node)
  return {
    get crashes() {
      return crashes
    },
    stop: () => {
      isStopped = true
    },
  }
}
