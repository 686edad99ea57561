// SPDX-License-Identifier: MIT
// What the tests of the proxy client share: a client over fake proxies, and what its listens hear.

import type { TestContext } from 'node:test'
import { ProxyClient } from '../../../../src/proxy/client/proxy-client.ts'
import type { ProxyOptions } from '../../../../src/proxy/client/proxy-options.ts'
import { FakeProxies } from '../../../support/fake-proxy.ts'

export { hear } from '../../../support/dht-conformance.ts'

export interface Setup {
  readonly net: FakeProxies
  readonly client: ProxyClient
}

/** A client that has found the first proxy, unless that was made useless before. */
export async function setUp(
  t: TestContext,
  {
    count = 1,
    before,
    ...options
  }: Partial<ProxyOptions> & {
    count?: number
    before?: (net: FakeProxies) => void
  } = {},
): Promise<Setup> {
  const net = new FakeProxies(count)
  before?.(net)
  const client = new ProxyClient({ proxies: net.urls, ...options }, net.ports)
  t.after(() => client.close())
  await net.clock.run(0)
  return { net, client }
}
