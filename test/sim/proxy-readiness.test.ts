// SPDX-License-Identifier: MIT
// What a proxy on a simulated node says of itself while the node is cut off: the same engine and
// the same gate and page as in production, in virtual time.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { ProxyMetrics } from '../../src/proxy/server/metrics/proxy-metrics.ts'
import { ReadinessGate } from '../../src/proxy/server/readiness-gate.ts'
import { SimNetwork } from '../../src/sim/entry.ts'
import { parseOpenMetrics, sampleOf } from '../support/open-metrics.ts'
import { itWithSeeds } from '../support/seeds.ts'

const PROBE_MS = 5000

describe('a proxy that a load balancer asks every 5 s', () => {
  itWithSeeds('says within 15 s that its node is cut off, and that it is back', 3, async (seed) => {
    const network = new SimNetwork({ seed })
    const nodes = network.addNodes(20, { overMs: 1000 })
    await network.run(60_000)
    const node = nodes[7]!
    const gate = new ReadinessGate(node, () => network.now)
    using metrics = new DisposableMetrics(node)
    const probe = async () => parseOpenMetrics(await metrics.page())
    assert.equal(gate.report().ready, true)
    assert.equal(sampleOf(await probe(), 'opendht_node_ready'), 1)
    await network.run(PROBE_MS)

    const fault = network.isolate([node])
    const cutAt = network.now
    while (gate.report().ready) {
      assert.ok(network.now - cutAt <= 15_000, 'the cut is not noticed')
      await network.run(PROBE_MS)
    }
    const { status } = gate.report()
    assert.equal(gate.status, status)
    const page = await probe()
    assert.equal(sampleOf(page, 'opendht_node_ready'), 0)
    const labels = { family: 'ipv4', opendht_node_readiness: status }
    assert.equal(sampleOf(page, 'opendht_node_readiness', labels), 1)

    fault.heal()
    const healedAt = network.now
    while (!gate.report().ready) {
      assert.ok(network.now - healedAt <= 60_000, 'it does not come back')
      await network.run(PROBE_MS)
    }
    assert.equal(gate.status, 'ready')
  })
})

class DisposableMetrics extends ProxyMetrics implements Disposable {
  constructor(node: ConstructorParameters<typeof ProxyMetrics>[0]) {
    super(node, '0.0.0')
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
