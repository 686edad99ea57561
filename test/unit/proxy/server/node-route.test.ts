// SPDX-License-Identifier: MIT
// What a proxy says about whoever asks for its node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLimits } from '../../../../src/proxy/server/limits.ts'
import { NodeInfoCache } from '../../../../src/proxy/server/node-info.ts'
import { Peers } from '../../../../src/proxy/server/peers.ts'
import type { ProxyNode } from '../../../../src/proxy/server/proxy-node.ts'
import type { RouteContext } from '../../../../src/proxy/server/route.ts'
import { NODE_ROUTES } from '../../../../src/proxy/server/routes/node.ts'

test('hosts of one IPv6 network count as one, and each hears its own address', async () => {
  const family = { good: 1, dubious: 0, incoming: 0, tableDepth: 1, networkSize: 0 }
  const node = { stats: async () => ({ ipv4: family, ipv6: family, operations: 0, storage: {} }) }
  const info = new NodeInfoCache(node as unknown as ProxyNode)
  const services = { info, now: () => 0, readiness: { status: 'ready' } }
  const peers = new Peers(checkLimits())
  const { handle } = NODE_ROUTES.find(({ path }) => path === '/')!
  for (const remoteAddress of ['2001:db8::1', '2001:db8::2']) {
    let sent = ''
    const reply = { writeHead: () => {}, end: (text: string) => (sent = text) }
    const request = { headers: {}, socket: { remoteAddress } }
    const peer = peers.connect(remoteAddress, 0)
    await handle({ services, request, reply, peer } as unknown as RouteContext)
    assert.equal(JSON.parse(sent).public_ip, remoteAddress)
  }
  assert.equal(peers.size, 1)
})
