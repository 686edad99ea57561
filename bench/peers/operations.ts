// SPDX-License-Identifier: MIT
// What is measured of every peer: puts of distinct values by nodes at random, then gets by nodes
// that did not put them, which end with the first value.

import { setTimeout as sleep } from 'node:timers/promises'
import { number, operate, shuffle, someBytes } from '../harness/driver.ts'

export interface PeerNetwork<K> {
  readonly size: number
  /** Resolves when the value is stored, to what finds it again. */
  put(node: number, bytes: Uint8Array): Promise<K>
  get(node: number, key: K): Promise<boolean>
}

/** Measures and ends the process. */
export async function measurePeer<K>({ size, put, get }: PeerNetwork<K>): Promise<never> {
  const concurrency = number('conc', 32)
  const stored: { key: K; node: number }[] = []
  let nextValue = 0
  let nextGet = 0
  const pick = () => Math.floor(Math.random() * size)
  await sleep(2000)
  await operate('put, 100 bytes', concurrency, async () => {
    const node = pick()
    stored.push({ key: await put(node, distinctBytes(nextValue++)), node })
    return true
  })
  shuffle(stored)
  await operate('get, first value', concurrency, () => {
    const { key, node } = stored[nextGet++ % stored.length]!
    return get((node + 1 + Math.floor(Math.random() * (size - 1))) % size, key)
  })
  process.exit(0)
}

/** Peers derive the key from the content, which therefore has to differ each time. */
function distinctBytes(index: number): Uint8Array {
  const bytes = someBytes(100, index)
  new DataView(bytes.buffer).setUint32(0, index)
  return bytes
}
