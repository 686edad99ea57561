// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backend, OperationEnd, OperationEvents, PutEvents } from '../../../src/api/backend.ts'
import { SwitchableBackend } from '../../../src/api/switchable-backend.ts'
import type { NodeStatus } from '../../../src/core/events.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import type { Value } from '../../../src/core/value/value.ts'
import { KEY, signed, text, textOf } from '../../support/dht-kit.ts'
import { VirtualSchedule } from '../../support/virtual-schedule.ts'

const OK: OperationEnd = { outcome: 'ok', nodes: [] }

/** Does nothing by itself: the test says what comes of what was started. */
class FakeBackend {
  onStatus: Backend['onStatus']
  ipv4: NodeStatus = 'connected'
  readonly listens: OperationEvents[] = []
  readonly gets: OperationEvents[] = []
  readonly puts: { value: Value; events: PutEvents }[] = []
  readonly cancelledPuts: bigint[] = []
  stopped = 0
  known: Value[] = []

  startGet(_key: unknown, _query: unknown, events: OperationEvents): () => void {
    this.gets.push(events)
    return () => {}
  }

  startListen(_key: unknown, _query: unknown, events: OperationEvents) {
    this.listens.push(events)
    return { stop: () => void this.stopped++, known: () => this.known }
  }

  startPut(_key: unknown, value: Value, _options: unknown, events: PutEvents): void {
    const put = { value: value.id === 0n ? value.withId(7n) : value, events }
    this.puts.push(put)
    events.started(put.value, () => this.puts.splice(this.puts.indexOf(put), 1))
  }

  cancelPut(_key: unknown, id: bigint): boolean {
    this.cancelledPuts.push(id)
    return true
  }

  permanentPuts() {
    return this.puts.map(({ value }) => ({ key: KEY, value }))
  }

  status() {
    return { ipv4: this.ipv4, ipv6: 'disconnected' as const }
  }

  close(): void {}
}

function setUp() {
  const clock = new VirtualSchedule()
  const fakes = [new FakeBackend(), new FakeBackend()] as const
  const [first, second] = fakes as unknown as [Backend, Backend]
  const backend = new SwitchableBackend(first, clock.schedule)
  const heard: string[] = []
  const events: OperationEvents = {
    values: (values, expired) => {
      heard.push(...values.map((value) => `${expired ? '-' : '+'}${textOf(value)}`))
    },
    done: ({ outcome }) => heard.push(outcome),
  }
  return { clock, fakes, first, second, backend, heard, events }
}

test('a listen goes on elsewhere, and hears only what changed', async () => {
  const { clock, fakes, second, backend, heard, events } = setUp()
  const [a, b] = fakes
  backend.startListen(KEY, QUERY_ALL, events)
  a.known = [text('same', 1n), text('old', 2n), text('gone', 3n), text('late', 4n)]
  a.listens[0]!.values!(a.known, false)
  heard.length = 0
  backend.moveTo(second)
  assert.equal(a.stopped, 1)
  b.listens[0]!.values!([text('same', 1n), text('new', 2n), text('more', 5n)], false)
  assert.deepEqual(heard, ['+new', '+more'])
  await clock.run(3000)
  b.gets[0]!.values!([text('same', 1n), text('late', 4n)], false)
  b.gets[0]!.done(OK)
  assert.deepEqual(heard, ['+new', '+more', '-gone'])
  // What a get alone knows of is asked for again, until the listen mentions it.
  await clock.run(30_000)
  assert.equal(b.gets.length, 2)
  b.listens[0]!.values!([text('late', 4n)], false)
  b.gets[1]!.done(OK)
  await clock.run(60_000)
  assert.equal(b.gets.length, 2)
  b.listens[0]!.values!([text('late', 4n)], true)
  assert.deepEqual(heard, ['+new', '+more', '-gone', '-late'])
})

test('nothing is gone as long as that cannot be confirmed', async () => {
  const { clock, fakes, second, backend, heard, events } = setUp()
  backend.startListen(KEY, QUERY_ALL, events)
  fakes[0].known = [text('one', 1n)]
  backend.moveTo(second)
  for (let i = 0; i < 3; i++) {
    await clock.run(30_000)
    fakes[1].gets[i]!.done({ outcome: 'no-nodes', nodes: [] })
  }
  assert.deepEqual(heard, [])
})

test('an older revision at the new backend is no news, and no proof either', async () => {
  const { clock, fakes, second, backend, heard, events } = setUp()
  backend.startListen(KEY, QUERY_ALL, events)
  fakes[0].known = [signed('newer', 1n, 5)]
  backend.moveTo(second)
  fakes[1].listens[0]!.values!([signed('older', 1n, 4)], false)
  assert.deepEqual(heard, [])
  await clock.run(3000)
  fakes[1].gets[0]!.done(OK)
  assert.deepEqual(heard, ['-newer'])
})

test('a listen can go there and back, and be stopped', async () => {
  const { clock, fakes, first, second, backend, heard, events } = setUp()
  const listening = backend.startListen(KEY, QUERY_ALL, events)
  fakes[0].known = [text('one', 1n)]
  backend.moveTo(second)
  backend.moveTo(first)
  fakes[0].listens[1]!.values!([text('one', 1n)], false)
  assert.deepEqual([...listening.known()].map(textOf), ['one'])
  listening.stop()
  await clock.run(60_000)
  assert.deepEqual(heard, [])
  assert.deepEqual(fakes[0].gets, [])
  backend.moveTo(second)
  assert.equal(fakes[1].listens.length, 1)
})

test('a permanent put goes on elsewhere, for who waits for it too', () => {
  const { fakes, second, backend } = setUp()
  const [a, b] = fakes
  const ended: string[] = []
  backend.startPut(
    KEY,
    text('kept'),
    { permanent: true },
    {
      started: (value) => ended.push(`started ${value.id}`),
      done: ({ outcome }) => ended.push(outcome),
    },
  )
  backend.moveTo(second)
  assert.deepEqual(a.cancelledPuts, [7n])
  assert.deepEqual(
    b.puts.map(({ value }) => value.id),
    [7n],
  )
  b.puts[0]!.events.done(OK)
  b.puts[0]!.events.done(OK)
  assert.deepEqual(ended, ['started 7', 'ok'])
})

test('a put that began before the switch can be cancelled after it', () => {
  const { fakes, first, second, backend } = setUp()
  backend.moveTo(second)
  assert.equal(backend.cancelPut(KEY, 9n), true)
  assert.deepEqual([fakes[0].cancelledPuts, fakes[1].cancelledPuts], [[9n], [9n]])
  backend.forget(first)
  backend.cancelPut(KEY, 10n)
  assert.deepEqual(fakes[0].cancelledPuts, [9n])
})

test('the status is that of the backend in use', () => {
  const { fakes, second, backend } = setUp()
  const statuses: NodeStatus[] = []
  backend.onStatus = ({ ipv4 }) => statuses.push(ipv4)
  fakes[1].ipv4 = 'connecting'
  backend.moveTo(second)
  assert.equal(fakes[0].onStatus, undefined)
  fakes[1].onStatus!({ ipv4: 'connected', ipv6: 'disconnected' })
  assert.deepEqual(statuses, ['connecting', 'connected'])
  assert.equal(backend.current, second)
})
