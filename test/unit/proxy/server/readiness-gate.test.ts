// SPDX-License-Identifier: MIT
// What the proxy says of itself, from what its node says.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeStatus } from '../../../../src/core/events.ts'
import type { UnreadyReason } from '../../../../src/core/readiness.ts'
import { ReadinessGate } from '../../../../src/proxy/server/readiness-gate.ts'

/** IPv4 is in the state that is set, IPv6 has no socket. */
class Node {
  reason: UnreadyReason | undefined
  reads = 0

  status() {
    const none: NodeStatus = 'disconnected'
    return { ipv4: none, ipv6: none, overall: none }
  }

  readiness() {
    this.reads++
    const ipv4 = { isReady: this.reason === undefined, reason: this.reason }
    return { ...ipv4, ipv4, ipv6: { isReady: false, reason: 'no-socket' as const } }
  }
}

describe('ReadinessGate', () => {
  it('reports the reason of each family', () => {
    const node = new Node()
    const gate = new ReadinessGate(node, () => 0)
    assert.deepEqual(gate.report(), {
      ready: true,
      status: 'ready',
      ipv4: 'ready',
      ipv6: 'no-socket',
    })
    node.reason = 'silent'
    assert.deepEqual(gate.report(), {
      ready: false,
      status: 'silent',
      ipv4: 'silent',
      ipv6: 'no-socket',
    })
  })

  it('asks the node a few times per second, however many replies there are', () => {
    const node = new Node()
    let now = 0
    const gate = new ReadinessGate(node, () => now)
    for (; now < 1000; now++) assert.equal(gate.status, 'ready')
    assert.equal(node.reads, 4)
    node.reason = 'network-down'
    now += 250
    assert.equal(gate.status, 'network-down')
  })

  it('is not ready from the beginning of its end', () => {
    const gate = new ReadinessGate(new Node(), () => 0)
    assert.equal(gate.status, 'ready')
    gate.shutDown()
    assert.equal(gate.status, 'shutting-down')
    const { ready, status, ipv4 } = gate.report()
    assert.deepEqual(
      { ready, status, ipv4 },
      { ready: false, status: 'shutting-down', ipv4: 'ready' },
    )
  })

  it('makes do with the status of a node that knows no more', () => {
    let overall: NodeStatus = 'connected'
    const status = () => ({ ipv4: overall, ipv6: 'disconnected' as const, overall })
    const gate = new ReadinessGate({ status }, () => 0)
    assert.equal(gate.report().ready, true)
    assert.equal(gate.report().ipv6, 'unreachable')
    overall = 'connecting'
    assert.equal(gate.report().status, 'connecting')
  })
})
