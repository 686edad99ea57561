// SPDX-License-Identifier: MIT
// The whole page of a proxy on a real engine: well formed, complete, and no larger for any client.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { byLabel } from '../../../../src/proxy/server/metrics/node-metrics.ts'
import { ProxyMetrics } from '../../../../src/proxy/server/metrics/proxy-metrics.ts'
import { SimNetwork, type SimNode } from '../../../../src/sim/entry.ts'
import { parseOpenMetrics, sampleOf } from '../../../support/open-metrics.ts'

describe('ProxyMetrics', () => {
  let node: SimNode
  let metrics: ProxyMetrics
  const parsed = async () => parseOpenMetrics(await metrics.page())

  before(async () => {
    const network = new SimNetwork({ seed: 7 })
    node = network.addNodes(4)[0]!
    await network.run(20_000)
    const put = node.put('key', 'data')
    await network.run(20_000)
    await put
    metrics = new ProxyMetrics(node, '1.2.3')
  })
  after(() => metrics.close())

  it('shows what the node says of itself', async () => {
    const page = await parsed()
    const stats = await node.stats()
    const status = { family: 'ipv4', opendht_node_status: 'connected' }
    assert.equal(sampleOf(page, 'opendht_node_status', status), 1)
    assert.equal(sampleOf(page, 'opendht_node_ready'), 1)
    assert.equal(
      sampleOf(page, 'opendht_routing_nodes', { family: 'ipv4', state: 'good' }),
      stats.ipv4.good,
    )
    assert.equal(sampleOf(page, 'opendht_storage_values'), 1)
    const puts = sampleOf(page, 'opendht_messages_total', { direction: 'out', kind: 'put' })
    assert.ok(puts! > 0)
    const dropped = sampleOf(page, 'opendht_messages_dropped_total', { reason: 'other_network' })
    assert.equal(dropped, 0)
    assert.equal(sampleOf(page, 'opendht_build_info', buildLabels()), 1)
  })

  it('shows what the sockets and signatures came to, where the node knows', async () => {
    const stats = { received: 3, sendErrors: 1, kind: 'text is no counter' }
    const rich = new ProxyMetrics(
      {
        stats: () => node.stats(),
        status: () => node.status(),
        secureStats: () => ({ badSignature: 2 }),
        transportStats: [{ family: 6, kind: 'dgram', stats }],
      },
      '1.2.3',
    )
    const page = parseOpenMetrics(await rich.page())
    rich.close()
    const labels = { family: 'ipv6', transport: 'dgram', event: 'send_errors' }
    assert.equal(sampleOf(page, 'opendht_datagrams_total', labels), 1)
    const outcome = { outcome: 'bad_signature' }
    assert.equal(sampleOf(page, 'opendht_secure_values_total', outcome), 2)
    assert.equal(page.has('opendht_node_ready'), false)
  })

  it('counts requests by route and status', async () => {
    const name = 'GET /key/:key'
    for (const status of [200, 200, 503]) metrics.began(name).ended(status, 3)
    metrics.began(name)
    const page = await parsed()
    const labels = { method: 'GET', route: '/key/:key' }
    const requests = 'opendht_proxy_requests_total'
    assert.equal(sampleOf(page, requests, { ...labels, status: '200' }), 2)
    assert.equal(sampleOf(page, requests, { ...labels, status: '503' }), 1)
    assert.equal(sampleOf(page, 'opendht_proxy_requests_pending', labels), 1)
    assert.equal(sampleOf(page, 'opendht_proxy_request_seconds_count', labels), 3)
    const bucket = 'opendht_proxy_request_seconds_bucket'
    assert.equal(sampleOf(page, bucket, { ...labels, le: '0.0025' }), 0)
    assert.equal(sampleOf(page, bucket, { ...labels, le: '0.005' }), 3)
  })

  it('shows what other parts add', async () => {
    metrics.addSource((page) => {
      page.counter({ name: 'opendht_push_sent', help: 'Of a test.' }, byLabel('to', { webPush: 4 }))
    })
    assert.equal(sampleOf(await parsed(), 'opendht_push_sent_total', { to: 'web_push' }), 4)
  })

  it('shows memory, processor time and how late the event loop is', async () => {
    const page = await parsed()
    assert.ok(sampleOf(page, 'process_resident_memory_bytes')! > 1e6)
    assert.ok(sampleOf(page, 'process_cpu_seconds_total')! > 0)
    const startedAt = sampleOf(page, 'process_start_time_seconds')!
    assert.ok(Math.abs(Date.now() / 1000 - startedAt) < 3600)
    assert.ok(sampleOf(page, 'nodejs_eventloop_delay_seconds', { quantile: '0.99' })! >= 0)
  })
})

function buildLabels() {
  return { version: '1.2.3', runtime: `node ${process.versions.node}` }
}
