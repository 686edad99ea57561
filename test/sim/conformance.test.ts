// SPDX-License-Identifier: MIT
// The suite of DhtInterface over simulated nodes.

import { SimNetwork } from '../../src/sim/entry.ts'
import { SHORT_LIVED, testConformance } from '../support/dht-conformance.ts'

testConformance('a simulated node', async () => {
  const net = new SimNetwork({ seed: 11 })
  const nodes = [net.addNode(), net.addNode(), net.addNode()]
  for (const node of nodes) node.registerType(SHORT_LIVED)
  await net.until(() => nodes.every((node) => node.isConnected))
  await net.run(5000)
  return {
    dht: nodes[1]!,
    other: nodes[2]!,
    shortType: SHORT_LIVED.id,
    wait: (promise) => net.until(promise),
    run: (ms) => net.run(ms),
    [Symbol.asyncDispose]: () => net.close(),
  }
})
