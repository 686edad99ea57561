// SPDX-License-Identifier: MIT
// The suite of DhtInterface over a node with sockets.

import { realWorld, startNodes } from '../support/conformance-nodes.ts'
import { testConformance } from '../support/dht-conformance.ts'

testConformance('a node with sockets', async () => {
  const nodes = await startNodes(2)
  const [dht, other] = nodes
  return realWorld({ dht: dht!, other: other! }, nodes)
})
