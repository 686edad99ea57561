// SPDX-License-Identifier: MIT
// Pushes to listeners are made by what peers do, so they must not use up the requests that the own
// operations need, nor pile up at a listener that never answers.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MAX_PENDING_REQUESTS } from '../../../../src/core/constants.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { ByteBudget } from '../../../../src/core/net/byte-budget.ts'
import { FragmentSender } from '../../../../src/core/net/fragment-sender.ts'
import { Node } from '../../../../src/core/net/node.ts'
import { Outbox } from '../../../../src/core/net/outbox.ts'
import { QuietHandler } from '../../../../src/core/net/request.ts'
import { Requests } from '../../../../src/core/net/requests.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const HANDLER = new QuietHandler()

suite('Limits of pending requests', () => {
  test('a listener that does not answer has a thousand pushes pending at most', () => {
    const { requests, push, ping, node } = build()
    const silent = node(1)
    for (let i = 0; i < 1024; i++) assert.equal(push(silent), true)
    assert.equal(push(silent), false)
    assert.equal(requests.pendingCount, 1024)
    assert.equal(requests.refused, 1)
    assert.equal(push(node(2)), true)
    assert.equal(ping(silent), true)
  })

  test('pushes leave a quarter of all requests to the own operations', () => {
    const { requests, push, ping, node } = build()
    let refused = 0
    for (let n = 0; n < MAX_PENDING_REQUESTS / 1024; n++) {
      const listener = node(n)
      for (let i = 0; i < 1024; i++) if (!push(listener)) refused++
    }
    assert.equal(refused, MAX_PENDING_REQUESTS / 4)
    assert.equal(requests.pendingCount, MAX_PENDING_REQUESTS - refused)
    assert.equal(ping(node(1)), true)
  })
})

function build() {
  const wheel = new TimerWheel(0)
  const outbox = new Outbox()
  const id = InfoHash.get('self')
  const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: 'x' })
  const budget = new ByteBudget(-1, -1)
  const fragments = new FragmentSender(wheel, encoder, outbox, budget)
  const random = new SeededRandom(1)
  const requests = new Requests({
    random,
    wheel,
    outbox,
    fragments,
    budget,
    onExpired: () => {},
  })
  const send = (kind: Kind, node: Node): boolean => {
    const { address } = node
    const encode = encoder.ping.bind(encoder)
    const request = requests.send({ kind, node, address, handler: HANDLER, encode }, 0)
    outbox.clear()
    return request !== undefined
  }
  return {
    requests,
    push: (node: Node) => send(Kind.Update, node),
    ping: (node: Node) => send(Kind.Ping, node),
    node: (n: number) => new Node(InfoHash.get(`${n}`), SocketAddress.v4(0x0a000000 + n, 1), false),
  }
}
