// SPDX-License-Identifier: MIT
// A network on loopback with a proxy that serves the dashboard, as tests of it need.

import { type Demo, startDemo } from '../../src/cli/demo.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { LogRing } from '../../src/proxy/server/inspect/log-ring.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'

export const TOKEN = 'a-token-for-the-tests'

export interface ServedNetwork {
  readonly demo: Demo
  /** The node behind the proxy. */
  readonly node: DhtRunner
  readonly proxy: ProxyServer
  /** Of a view, as `keys/fruit`. */
  url(view: string): string
}

export interface ServedOptions {
  /** Beside the one of the proxy. */
  readonly nodes?: number
  readonly hasIdentity?: boolean
  readonly token?: string
}

/** A test, or whoever ends things later. */
interface Context {
  after(end: () => Promise<void>): void
}

export async function serveNetwork(
  t: Context,
  options: ServedOptions = {},
): Promise<ServedNetwork> {
  const { nodes = 6, hasIdentity = false, token } = options
  const demo = await startDemo(nodes)
  const log = new LogRing()
  const node = await DhtRunner.start({
    bind4: '127.0.0.1',
    bind6: false,
    port: 0,
    network: demo.network,
    bootstrap: [demo.entry],
    maxRequestsPerSecond: -1,
    log,
    identity: hasIdentity ? await Identity.generate() : undefined,
  })
  const proxy = await ProxyServer.start(node, {
    port: 0,
    address: '127.0.0.1',
    dashboard: { token, log },
    log,
  })
  t.after(async () => {
    await proxy.close()
    await Promise.all([node.close(), demo.close()])
  })
  await node.whenConnected()
  return { demo, node, proxy, url: (view) => `${proxy.url}/dashboard/#/${view}` }
}
