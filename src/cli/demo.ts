// SPDX-License-Identifier: MIT
// A private network inside this process, on loopback: something to join without internet.

import { randomInt } from 'node:crypto'
import { DhtRunner } from '../nodejs/dht-runner.ts'

const LOOPBACK = '127.0.0.1'
const FIRST_NETWORK = 1
const MAX_NETWORK = 2 ** 32 - 1

export interface Demo {
  readonly network: number
  /** `HOST:PORT` of one of its nodes. */
  readonly entry: string
  /** The one behind `entry` first. */
  readonly nodes: readonly DhtRunner[]
  close(): Promise<void>
}

/** How a node that joins a demo is started. All traffic comes from one address: no limits. */
export const DEMO_OPTIONS = {
  bind4: LOOPBACK,
  bind6: false,
  maxRequestsPerSecond: -1,
} as const

/** Starts the nodes; they find each other while the caller goes on. */
export async function startDemo(
  nodes: number,
  network: number = randomInt(FIRST_NETWORK, MAX_NETWORK),
): Promise<Demo> {
  const runners: DhtRunner[] = []
  const close = async (): Promise<void> => {
    await Promise.all(runners.map((runner) => runner.close()))
  }
  try {
    const options = { ...DEMO_OPTIONS, network, port: 0 }
    const first = await DhtRunner.start({ ...options, bootstrapMode: true })
    runners.push(first)
    const entry = `${LOOPBACK}:${first.port4}`
    const others = Array.from({ length: nodes - 1 }, async () => {
      runners.push(await DhtRunner.start({ ...options, bootstrap: [entry] }))
    })
    await Promise.all(others)
    return { network, entry, nodes: runners, close }
  } catch (error) {
    await close()
    throw error
  }
}
