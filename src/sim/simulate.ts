// SPDX-License-Identifier: MIT
// One simulation from start to end, and the check that it is deterministic.

import { SimError } from './sim-error.ts'
import { SimNetwork } from './sim-network.ts'
import type { SimNetworkOptions } from './sim-options.ts'

/**
 * Runs `body` with a network, lets its checkers finish, and closes it. Whatever fails, assertions
 * of the body included, becomes a SimError with the seed and the command that replays it.
 */
export async function simulate<T>(
  options: SimNetworkOptions,
  body: (network: SimNetwork) => Promise<T> | T,
): Promise<T> {
  const network = new SimNetwork(options)
  try {
    const result = await body(network)
    network.finish()
    return result
  } catch (error) {
    throw network.fail(error)
  } finally {
    await network.close()
  }
}

/**
 * Runs the same simulation twice and compares the hashes of their traces. Returns the hash; throws
 * SimError when there are two.
 */
export async function checkReplay(
  options: SimNetworkOptions,
  body: (network: SimNetwork) => Promise<unknown> | unknown,
): Promise<string> {
  const run = (seed?: number): Promise<{ seed: number; hash: string; nowMs: number }> =>
    simulate({ ...options, seed: seed ?? options.seed }, async (network) => {
      await body(network)
      return { seed: network.seed, hash: network.traceHash, nowMs: network.now }
    })
  const first = await run()
  const second = await run(first.seed)
  if (first.hash === second.hash) return first.hash
  const text = `Two runs with the same seed differ: ${first.hash} and ${second.hash}`
  const { command } = options
  throw new SimError(text, { seed: first.seed, nowMs: second.nowMs, command })
}
