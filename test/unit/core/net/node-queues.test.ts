// SPDX-License-Identifier: MIT
// So many requests are under way at one node; the others wait for its answers, operation by
// operation, and not for ever when there are none.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { ByteBudget } from '../../../../src/core/net/byte-budget.ts'
import { FragmentSender } from '../../../../src/core/net/fragment-sender.ts'
import { Node } from '../../../../src/core/net/node.ts'
import { FIRST_UNDER_WAY } from '../../../../src/core/net/node-queues.ts'
import { Outbox } from '../../../../src/core/net/outbox.ts'
import { QuietHandler, type Request } from '../../../../src/core/net/request.ts'
import { Requests } from '../../../../src/core/net/requests.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

class NotingHandler extends QuietHandler {
  late = 0
  expired = 0
  override onLate(): void {
    this.late++
  }
  override onExpired(): void {
    this.expired++
  }
}

suite('Requests under way at one node', () => {
  test('what is over the limit waits for an answer of that node', () => {
    const { requests, ask, sent, answer, node } = build()
    const busy = node(1)
    const asked = Array.from({ length: FIRST_UNDER_WAY + 2 }, () => ask(busy))
    assert.equal(sent(), FIRST_UNDER_WAY)
    assert.equal(requests.queued, 2)
    ask(node(2))
    assert.equal(sent(), 1, 'another node is asked at once')
    answer(busy, asked[0]!, 5)
    assert.equal(sent(), 1)
    assert.equal(asked[FIRST_UNDER_WAY]!.sentAt, 5, 'its round trip begins when it is sent')
    assert.equal(asked[FIRST_UNDER_WAY + 1]!.attempts, 0)
  })

  test('more may be under way while answers come in time, and fewer when they do not', () => {
    const { requests, ask, sent, answer, node, wheel } = build()
    const busy = node(1)
    let asked = Array.from({ length: 16 * FIRST_UNDER_WAY }, () => ask(busy))
    const underWay = (): Request[] =>
      asked.filter(({ attempts, isPending }) => attempts > 0 && isPending)
    for (let now = 1; now <= 20; now++) for (const one of underWay()) answer(busy, one, now)
    sent()
    const { queued } = requests
    asked = Array.from({ length: 2 * FIRST_UNDER_WAY }, () => ask(busy))
    assert.equal(sent(), 2 * FIRST_UNDER_WAY)
    assert.equal(requests.queued, queued)
    wheel.advance(2000)
    assert(asked.every(({ isLate }) => isLate))
    for (const one of asked) answer(busy, one, 2000)
    sent()
    asked = Array.from({ length: 2 * FIRST_UNDER_WAY }, () => ask(busy))
    assert(sent() < (2 - 1 / 2) * FIRST_UNDER_WAY)
  })

  test('pings and pushes do not wait', () => {
    const { ask, sent, node } = build()
    const busy = node(1)
    for (let i = 0; i < FIRST_UNDER_WAY; i++) ask(busy)
    sent()
    ask(busy, { kind: Kind.Ping })
    ask(busy, { kind: Kind.Update })
    assert.equal(sent(), 2)
  })

  test('an operation with many requests does not hold up one with a single one', () => {
    const { ask, answer, node } = build()
    const busy = node(1)
    const first = Array.from({ length: FIRST_UNDER_WAY }, () => ask(busy, { flow: 'many' }))
    for (let i = 0; i < 1000; i++) ask(busy, { flow: 'many' })
    const single = ask(busy, { flow: 'single' })
    answer(busy, first[0]!, 5)
    answer(busy, first[1]!, 5)
    assert.equal(single.attempts, 1)
  })

  test('an overdue request makes room for the next one', () => {
    const { ask, answer, node, wheel } = build()
    const slow = node(1)
    const asked = Array.from({ length: FIRST_UNDER_WAY + 1 }, () => ask(slow))
    wheel.advance(999)
    // The first wait for an unknown node is shorter than a second.
    assert(asked[0]!.isLate)
    assert(asked[FIRST_UNDER_WAY]!.attempts > 0)
    answer(slow, asked[0]!, 999)
  })

  test('when a node is silent, others are asked in place of what waits for it', () => {
    const { ask, node, wheel } = build()
    const silent = node(1)
    for (let i = 0; i < 3 * FIRST_UNDER_WAY; i++) ask(silent)
    const handler = new NotingHandler()
    const waiting = ask(silent, { handler })
    for (let now = 1; handler.late === 0; now++) {
      assert(now < 1000)
      assert.equal(waiting.attempts, 0)
      wheel.advance(now)
    }
    assert(waiting.isPending, 'it may still answer')
  })

  test('what waits can be taken back, unless its sender was told that it is late', () => {
    const { requests, ask, sent, answer, node, wheel } = build()
    const busy = node(1)
    const asked = Array.from({ length: FIRST_UNDER_WAY }, () => ask(busy))
    const [waiting, late] = [ask(busy), ask(busy)]
    sent()
    assert.equal(requests.recall(asked[0]!), false, 'it was sent')
    assert.equal(requests.recall(waiting), true)
    assert.equal(waiting.isPending, false)
    late.becomeLate(1)
    assert.equal(requests.recall(late), false)
    for (const one of asked) answer(busy, one, 5)
    wheel.advance(6)
    assert.deepEqual([waiting.attempts, late.attempts], [0, 1])
    assert.equal(busy.pendingRequests, 1)
  })

  test('what waits for a node that is gone is given up unsent', () => {
    const { ask, answer, sent, node, wheel } = build()
    const lost = node(1)
    const asked = Array.from({ length: FIRST_UNDER_WAY }, () => ask(lost))
    const handler = new NotingHandler()
    ask(lost, { handler })
    sent()
    lost.expire(5)
    answer(lost, asked[0]!, 5)
    wheel.advance(6)
    assert.equal(handler.expired, 1)
    assert.equal(sent(), 0)
  })

  test('requests that end unsent leave the line, and their places to others', () => {
    const { requests, ask, node, wheel } = build()
    const busy = node(1)
    const asked = Array.from({ length: FIRST_UNDER_WAY }, () => ask(busy))
    const given = ask(busy)
    const next = ask(busy)
    requests.settle(given)
    requests.settle(asked[0]!)
    assert.equal(next.attempts, 0)
    wheel.advance(1)
    assert.equal(next.attempts, 1)
    assert.equal(given.attempts, 0)
    assert.equal(busy.pendingRequests, FIRST_UNDER_WAY)
  })
})

interface Asking {
  readonly kind?: Kind
  readonly flow?: string
  readonly handler?: NotingHandler
}

function build() {
  const wheel = new TimerWheel(0)
  const outbox = new Outbox()
  const id = InfoHash.get('self')
  const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: 'x' })
  const budget = new ByteBudget(-1, -1)
  const fragments = new FragmentSender(wheel, encoder, outbox, budget)
  const random = new SeededRandom(1)
  const requests = new Requests({ random, wheel, outbox, fragments, budget, onExpired() {} })
  const flows = new Map<string, object>()
  const ask = (node: Node, asking: Asking = {}): Request => {
    const { kind = Kind.Find, flow = '', handler = new NotingHandler() } = asking
    if (!flows.has(flow)) flows.set(flow, {})
    const { address } = node
    const encode = encoder.ping.bind(encoder)
    return requests.send({ kind, node, address, handler, flow: flows.get(flow), encode }, 0)!
  }
  return {
    wheel,
    requests,
    ask,
    /** Datagrams since the last time. */
    sent: (): number => {
      const { count } = outbox
      outbox.clear()
      return count
    },
    answer: (node: Node, request: Request, now: number): void => {
      requests.settle(request)
      requests.onAnswer(node, request, now)
    },
    node: (n: number) => new Node(InfoHash.get(`${n}`), SocketAddress.v4(0x0a000000 + n, 1), false),
  }
}
