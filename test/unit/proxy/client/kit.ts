// SPDX-License-Identifier: MIT
// What the tests of the proxy client share: a client over fake proxies, and what its listens hear.

import type { TestContext } from 'node:test'
import type { DhtInterface, ListenOptions } from '../../../../src/api/dht-interface.ts'
import { DhtError } from '../../../../src/core/errors.ts'
import { ProxyClient } from '../../../../src/proxy/client/proxy-client.ts'
import type { ProxyOptions } from '../../../../src/proxy/client/proxy-options.ts'
import { textOf } from '../../../support/dht-kit.ts'
import { FakeProxies } from '../../../support/fake-proxy.ts'

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

/** What a listen hears, in order: `+text`, `-text`, and at its end the name of what ended it. */
export function hear(dht: DhtInterface, key: string, options: ListenOptions = {}): string[] {
  const heard: string[] = []
  void (async () => {
    try {
      for await (const { value, expired } of dht.listen(key, options)) {
        heard.push(`${expired ? '-' : '+'}${textOf(value)}`)
      }
      heard.push('end')
    } catch (error) {
      heard.push(error instanceof DhtError ? error.code : (error as Error).name)
    }
  })()
  return heard
}
