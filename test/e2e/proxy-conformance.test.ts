// SPDX-License-Identifier: MIT
// The suite of DhtInterface over what works through a proxy of ours.

import { DhtRunner } from '../../src/nodejs/entry.ts'
import { ProxyClient } from '../../src/proxy/client/entry.ts'
import { realWorld, startNodes, startProxy } from '../support/conformance-nodes.ts'
import { testConformance } from '../support/dht-conformance.ts'

const DEADLINE_MS = 10_000

testConformance('a ProxyClient', async () => {
  const nodes = await startNodes(2)
  const proxy = await startProxy(nodes[0]!)
  const dht = new ProxyClient({ proxies: proxy.url })
  await dht.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  return realWorld({ dht, other: nodes[1]! }, [dht, proxy, ...nodes])
})

testConformance('a node without sockets', async () => {
  const nodes = await startNodes(2)
  const proxy = await startProxy(nodes[0]!)
  const dht = await DhtRunner.start({ proxy: { proxies: proxy.url } })
  await dht.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  return realWorld({ dht, other: nodes[1]! }, [dht, proxy, ...nodes])
})

testConformance('a node that works through a proxy', async () => {
  const nodes = await startNodes(3)
  const [server, other, dht] = nodes
  const proxy = await startProxy(server!)
  await dht!.enableProxy(proxy.url)
  await dht!.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  return realWorld({ dht: dht!, other: other! }, [dht!, proxy, server!, other!])
})
