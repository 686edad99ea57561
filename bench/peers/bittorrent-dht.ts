// SPDX-License-Identifier: MIT
// bittorrent-dht with its immutable values (BEP 44), at eight replicas.

import { once } from 'node:events'
import DHT from 'bittorrent-dht'
import { number } from '../harness/driver.ts'
import { measurePeer } from './operations.ts'

const REPLICAS = 8
const HOST = '127.0.0.1'

const size = number('nodes', 64)
const nodes: { put: Call; get: Call; address(): { port: number } }[] = []
type Call = (input: unknown, options: unknown, done?: unknown) => void

while (nodes.length < size) {
  const bootstrap = nodes.length === 0 ? false : [`${HOST}:${nodes[0]!.address().port}`]
  const node = new DHT({ bootstrap, k: REPLICAS, K: REPLICAS, maxValues: 100_000 })
  node.listen(0, HOST)
  await once(node, nodes.length === 0 ? 'listening' : 'ready')
  nodes.push(node)
}

await measurePeer<Buffer>({
  size,
  put: (node, bytes) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, hash: Buffer) => (error ? reject(error) : resolve(hash))
      nodes[node]!.put({ v: Buffer.from(bytes) }, done)
    }),
  get: (node, key) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, value: unknown) =>
        error ? reject(error) : resolve(Boolean(value))
      // Its cache would answer from memory what is asked for twice.
      nodes[node]!.get(key, { cache: false }, done)
    }),
})
