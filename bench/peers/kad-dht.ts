// SPDX-License-Identifier: MIT
// The Kademlia of libp2p over TCP with Noise and Yamux, as its users run it, without validation of
// the records' names.

import { createHash } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { number } from '../harness/driver.ts'
import { measurePeer } from './operations.ts'

const REPLICAS = 8
const NAMESPACE = 'bench'
const OPERATION_LIMIT_MS = 30_000

const size = number('nodes', 64)
const nodes: Awaited<ReturnType<typeof create>>[] = []
while (nodes.length < size) {
  const node = await create()
  if (nodes.length > 0) await node.dial(nodes[0].getMultiaddrs())
  nodes.push(node)
}

await measurePeer<Uint8Array>({
  size,
  async put(node, bytes) {
    const name = createHash('sha256').update(bytes).digest('hex')
    const key = new TextEncoder().encode(`/${NAMESPACE}/${name}`)
    const signal = AbortSignal.timeout(OPERATION_LIMIT_MS)
    for await (const _ of nodes[node].services.dht.put(key, bytes, { signal }));
    return key
  },
  async get(node, key) {
    const signal = AbortSignal.timeout(OPERATION_LIMIT_MS)
    for await (const event of nodes[node].services.dht.get(key, { signal })) {
      if (event.name === 'VALUE') return true
    }
    return false
  },
})

function create() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // Its limit of new connections per host and second would keep a network on one host apart.
    connectionManager: { inboundConnectionThreshold: 1e6, maxIncomingPendingConnections: 1e6 },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/bench/kad/1.0.0',
        clientMode: false,
        kBucketSize: REPLICAS,
        peerInfoMapper: passthroughMapper,
        validators: { [NAMESPACE]: async () => {} },
        selectors: { [NAMESPACE]: () => 0 },
      }),
    },
  })
}
