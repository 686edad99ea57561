// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../../../src/core/id/info-hash.ts'
import {
  Delivery,
  type Destination,
  type SendOutcome,
} from '../../../../../src/proxy/server/push/delivery.ts'
import type { Notification } from '../../../../../src/proxy/server/push/notification.ts'
import { settled, VirtualClock } from '../../../../support/virtual-clock.ts'

const SENT: SendOutcome = { kind: 'sent' }
const DOWN: SendOutcome = { kind: 'retry', reason: 'down' }

function changed(token: string, id: bigint, isExpiry = false): Notification {
  const target = {
    platform: 'android' as const,
    token,
    clientId: 'client',
    sessionId: 'session',
    topic: '',
  }
  const values = [{ id, priority: 0, pushType: '' }]
  const key = InfoHash.get('key')
  return { target, event: { kind: 'values', key, values, isExpiry, at: 1 } }
}

function idsOf({ event }: Notification): string {
  return event.kind === 'values' ? event.values.map(({ id }) => `${id}`).join() : event.kind
}

class World {
  readonly clock = new VirtualClock()
  readonly dead: string[] = []
  readonly failures: string[] = []
  /** `destination: token=ids …` of each request. */
  readonly requests: string[] = []
  /** How requests end; those that are promises wait. */
  outcome: SendOutcome | Promise<SendOutcome> = SENT
  readonly delivery: Delivery

  constructor(limits: { maxQueued?: number; maxRequests?: number } = {}) {
    this.delivery = new Delivery({
      ...limits,
      clock: this.clock,
      random: () => 0.5,
      onDead: (token) => this.dead.push(token),
      onFailure: (reason) => this.failures.push(reason),
    })
  }

  to(name: string, batchSize = 10, maxQueued = 100): Destination {
    return {
      name,
      batchSize,
      maxQueued,
      send: async (batch) => {
        const items = batch.map((it) => `${it.target.token}=${idsOf(it)}`)
        this.requests.push(`${name}: ${items.join(' ')}`)
        return this.outcome
      },
    }
  }
}

suite('Delivery', () => {
  test('does not let destinations of strangers hold up our own', async () => {
    const world = new World({ maxRequests: 1 })
    world.outcome = new Promise(() => {})
    world.delivery.push(changed('a', 1n), world.to('tarpit'))
    world.delivery.push(changed('b', 1n), world.to('other'))
    world.delivery.push(changed('c', 1n), { ...world.to('gateway'), isOurs: true })
    await settled()
    assert.deepEqual(world.requests, ['tarpit: a=1', 'gateway: c=1'])
  })

  test('sends what comes during a request together with the next', async () => {
    const world = new World()
    let end = (_outcome: SendOutcome): void => {}
    world.outcome = new Promise((resolve) => (end = resolve))
    const gateway = world.to('gateway', 2)
    for (const token of ['a', 'b', 'c', 'd']) world.delivery.push(changed(token, 1n), gateway)
    await settled()
    assert.deepEqual(world.requests, ['gateway: a=1'])
    assert.equal(world.delivery.waiting, 3)
    world.outcome = SENT
    end(SENT)
    await settled()
    assert.deepEqual(world.requests.slice(1), ['gateway: b=1 c=1', 'gateway: d=1'])
    assert.equal(world.delivery.counters.sent, 4)
  })

  test('merges what waits for the same device and key', async () => {
    const world = new World()
    const gateway = world.to('gateway', 1)
    world.delivery.push(changed('busy', 0n), gateway)
    for (const id of [1n, 2n, 1n]) world.delivery.push(changed('a', id), gateway)
    world.delivery.push(changed('b', 9n, true), gateway)
    await settled()
    assert.deepEqual(world.requests, ['gateway: busy=0', 'gateway: a=1,2', 'gateway: b=9'])
    assert.equal(world.delivery.counters.merged, 2)
  })

  test('waits longer after each failure, and keeps what it could not send in order', async () => {
    const world = new World()
    world.outcome = DOWN
    const gateway = world.to('gateway')
    world.delivery.push(changed('a', 1n), gateway)
    const delays: number[] = []
    for (let since = world.clock.now(); delays.length < 5; ) {
      const before = world.requests.length
      await world.clock.pass(10)
      if (world.requests.length === before) continue
      delays.push(Math.round((world.clock.now() - since) / 10) * 10)
      since = world.clock.now()
    }
    assert.deepEqual(delays, [750, 1500, 3000, 6000, 12_000])
    world.delivery.push(changed('b', 2n), gateway)
    world.delivery.push(changed('a', 3n), gateway)
    world.outcome = SENT
    await world.clock.pass(60_000)
    assert.equal(world.requests.at(-1), 'gateway: a=1,3 b=2')
    assert.equal(world.delivery.waiting, 0)
    assert.equal(world.clock.timers, 0)
  })

  test('waits for as long as the push service asks, within reason', async () => {
    const world = new World()
    world.outcome = { kind: 'retry', reason: 'slow down', afterMs: 90_000 }
    world.delivery.push(changed('a', 1n), world.to('gateway'))
    await world.clock.pass(89_000)
    assert.equal(world.requests.length, 1)
    world.outcome = { kind: 'retry', reason: 'go away', afterMs: 1e12 }
    await world.clock.pass(1000)
    assert.equal(world.requests.length, 2)
    await world.clock.pass(3600_000)
    assert.equal(world.requests.length, 3)
  })

  test('gives up after some hours, and counts it', async () => {
    const world = new World()
    world.outcome = DOWN
    world.delivery.push(changed('a', 1n), world.to('gateway'))
    await world.clock.pass(4 * 3600_000)
    assert.equal(world.delivery.counters.abandoned, 1)
    assert.equal(world.delivery.waiting, 0)
    assert.equal(world.requests.length, 20)
    assert.equal(world.clock.timers, 0)
  })

  test('does not let one destination hold up another', async () => {
    const world = new World()
    world.outcome = DOWN
    world.delivery.push(changed('a', 1n), world.to('first'))
    await settled()
    world.outcome = SENT
    world.delivery.push(changed('b', 1n), world.to('second'))
    await settled()
    assert.deepEqual(world.requests, ['first: a=1', 'second: b=1'])
  })

  test('makes a limited number of requests at a time', async () => {
    const world = new World({ maxRequests: 2 })
    const ends: ((outcome: SendOutcome) => void)[] = []
    for (const name of ['1', '2', '3', '4']) {
      world.delivery.push(changed(name, 1n), {
        ...world.to(name),
        send: () => {
          world.requests.push(name)
          return new Promise((resolve) => ends.push(resolve))
        },
      })
    }
    await settled()
    assert.deepEqual(world.requests, ['1', '2'])
    ends[0]!(SENT)
    await settled()
    assert.deepEqual(world.requests, ['1', '2', '3'])
    ends[1]!(SENT)
    ends[2]!(SENT)
    await settled()
    assert.deepEqual(world.requests, ['1', '2', '3', '4'])
  })

  test('refuses what is over a limit of a destination, or of all', async () => {
    const world = new World({ maxQueued: 3 })
    world.outcome = new Promise(() => {})
    const small = world.to('small', 1, 1)
    const large = world.to('large', 1, 100)
    for (const id of ['a', 'b', 'c']) world.delivery.push(changed(id, 1n), small)
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.delivery.push(changed(id, 1n), large)
    await settled()
    assert.equal(world.delivery.waiting, 3)
    assert.equal(world.delivery.counters.overflowed, 3)
  })

  test('tells of dead tokens, and drops what waits for them', async () => {
    const world = new World()
    world.outcome = new Promise((resolve) => {
      setImmediate(() => resolve({ kind: 'sent', dead: ['a'] }))
    })
    const gateway = world.to('gateway')
    world.delivery.push(changed('a', 1n), gateway)
    world.delivery.push(changed('a', 2n), gateway)
    await settled()
    assert.deepEqual(world.dead, ['a'])
    assert.deepEqual(world.requests, ['gateway: a=1'])
    assert.equal(world.delivery.waiting, 0)
    world.outcome = { kind: 'gone' }
    world.delivery.push(changed('b', 1n), world.to('endpoint', 1))
    await settled()
    assert.deepEqual(world.dead, ['a', 'b'])
    assert.equal(world.delivery.counters.sent, 0)
  })

  test('drops what is refused, and says why', async () => {
    const world = new World()
    world.outcome = { kind: 'refused', reason: 'status 400' }
    world.delivery.push(changed('a', 1n), world.to('gateway'))
    await settled()
    assert.deepEqual(world.failures, ['status 400'])
    assert.equal(world.delivery.counters.refused, 1)
    assert.equal(world.clock.timers, 0)
  })

  test('looks for the one that is refused, and sends the others', async () => {
    const world = new World()
    const taken: string[] = []
    const destination: Destination = {
      ...world.to('gateway', 100),
      send: async (batch) => {
        const tokens = batch.map(({ target }) => target.token)
        if (tokens.includes('bad') || tokens.length > 20) {
          return { kind: 'refused', reason: 'status 400', mayBePart: true }
        }
        taken.push(...tokens)
        return SENT
      },
    }
    const tokens = Array.from({ length: 60 }, (_, i) => (i === 33 ? 'bad' : `t${i}`))
    for (const token of tokens) world.delivery.push(changed(token, 1n), destination)
    await settled()
    assert.deepEqual(
      taken,
      tokens.filter((token) => token !== 'bad'),
    )
    assert.equal(world.delivery.counters.refused, 1)
    assert.deepEqual(world.failures, ['status 400'])
    assert.equal(world.delivery.waiting, 0)
  })

  test('does nothing more once it is closed', async () => {
    const world = new World()
    world.outcome = DOWN
    world.delivery.push(changed('a', 1n), world.to('gateway'))
    await settled()
    world.delivery.close()
    world.delivery.push(changed('b', 1n), world.to('gateway'))
    await world.clock.pass(3600_000)
    assert.deepEqual(world.requests, ['gateway: a=1'])
    assert.equal(world.clock.timers, 0)
  })
})
