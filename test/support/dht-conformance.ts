// SPDX-License-Identifier: MIT
// What every DhtInterface does, whoever does the work behind it: one suite, which is run over nodes
// with sockets, simulated nodes, and clients of proxies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DhtInterface, ListenOptions } from '../../src/api/dht-interface.ts'
import type { ValueInput } from '../../src/api/value-input.ts'
import { DhtError } from '../../src/core/errors.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import type { ValueType } from '../../src/core/value/value-type.ts'
import { text, textOf } from './dht-kit.ts'

/** Two participants of one network that know each other, one of them under test. */
export interface ConformanceWorld extends AsyncDisposable {
  readonly dht: DhtInterface
  /** A node elsewhere in the same network. */
  readonly other: DhtInterface
  /** Type of values that are gone two seconds after they were stored, on all nodes. */
  readonly shortType: number
  /** Lets time pass until the promise settles. */
  wait<T>(promise: Promise<T>): Promise<T>
  run(ms: number): Promise<void>
}

/** For `shortType`, to be registered at all nodes. */
export const SHORT_LIVED: ValueType = {
  id: 1000,
  name: 'short-lived',
  lifetimeMs: 1500,
  storePolicy: (_key, value) => value,
  editPolicy: () => false,
}

type World = () => Promise<ConformanceWorld>

const LIMIT_MS = 15_000
const STEP_MS = 50

export function testConformance(name: string, open: World): void {
  const conforming = (title: string, body: (world: ConformanceWorld) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      await using world = await open()
      await body(world)
    })
  }
  testGets(conforming)
  testListens(conforming)
  testPuts(conforming)
  testEnds(conforming)
}

type Conforming = (title: string, body: (world: ConformanceWorld) => Promise<void>) => void

function testGets(conforming: Conforming): void {
  conforming('what is put is found, by itself and by others', async (world) => {
    const { dht, other } = world
    const { value } = await world.wait(dht.put('k', 'hello'))
    assert.equal(textOf(value), 'hello')
    assert.ok(value.id > 0n)
    for (const reader of [dht, other]) {
      const [found, ...more] = await world.wait(reader.getAll('k'))
      assert.equal(found?.id, value.id)
      assert.deepEqual(more, [])
    }
    await world.wait(other.put('k', text('from others', 5n)))
    const texts = (await world.wait(dht.getAll('k'))).map(textOf)
    assert.deepEqual(texts.sort(), ['from others', 'hello'])
  })

  conforming('nothing found is no error', async (world) => {
    assert.deepEqual(await world.wait(world.dht.getAll('nothing')), [])
    assert.equal(await world.wait(world.dht.getFirst('nothing')), undefined)
  })

  conforming('conditions and filters leave out the rest', async (world) => {
    const { dht } = world
    await world.wait(Promise.all([1n, 2n, 3n].map((id) => dht.put('k', text(`v${id}`, id)))))
    const where = await world.wait(dht.getAll('k', { where: { id: 2n } }))
    assert.deepEqual(where.map(textOf), ['v2'])
    const filtered = await world.wait(dht.getAll('k', { filter: ({ id }) => id !== 2n }))
    assert.deepEqual(filtered.map(textOf).sort(), ['v1', 'v3'])
    const failure = new Error('no')
    const failing = dht.getAll('k', {
      filter: () => {
        throw failure
      },
    })
    await assert.rejects(world.wait(failing), failure)
  })

  conforming('queries give fields', async (world) => {
    const { dht } = world
    await world.wait(dht.put('k', { id: 7n, userType: 'a/b', data: new Uint8Array(3) }))
    const read = async (): Promise<string[]> => {
      const fields: string[] = []
      for await (const { id, userType } of dht.query('k', 'SELECT id,user_type')) {
        fields.push(`${id} ${userType}`)
      }
      return fields
    }
    assert.deepEqual(await world.wait(read()), ['7 a/b'])
  })

  conforming('large values and all fields come through', async (world) => {
    const data = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
    const value = new Value({ id: 9n, type: 3, userType: 'ü/é', priority: 1, data })
    await world.wait(world.dht.put('large', value))
    const [found] = await world.wait(world.other.getAll('large'))
    assert.ok(found!.contentEquals(value))
    const [own] = await world.wait(world.dht.getAll('large'))
    assert.ok(own!.contentEquals(value))
  })
}

function testListens(conforming: Conforming): void {
  conforming('a listen tells what is there, what comes and what goes', async (world) => {
    const { dht, other, shortType } = world
    await world.wait(dht.put('k', text('before', 1n)))
    const heard = hear(dht, 'k')
    await until(world, () => heard.length === 1)
    await world.wait(other.put('k', text('after', 2n)))
    await until(world, () => heard.length === 2)
    const short = new Value({ id: 3n, type: shortType, data: new TextEncoder().encode('short') })
    await world.wait(other.put('k', short))
    await until(world, () => heard.length === 4)
    assert.deepEqual(heard, ['+before', '+after', '+short', '-short'])
  })

  conforming('a listen leaves out what does not match', async (world) => {
    const { dht, other } = world
    const heard = hear(dht, 'k', { where: { id: 2n } })
    const filtered = hear(dht, 'k', { filter: ({ id }) => id === 1n })
    await world.run(500)
    for (const id of [1n, 2n]) await world.wait(other.put('k', text(`v${id}`, id)))
    await until(world, () => heard.length === 1 && filtered.length === 1)
    assert.deepEqual([heard, filtered], [['+v2'], ['+v1']])
  })

  conforming('every loop over an iterable is a listen of its own', async (world) => {
    const { dht } = world
    const stop = new AbortController()
    const iterable = dht.listen('k', { signal: stop.signal })
    const first = iterable[Symbol.asyncIterator]()
    const second = iterable[Symbol.asyncIterator]()
    const both = [first.next(), second.next()]
    await world.wait(dht.put('k', text('x', 1n)))
    for (const { value } of await world.wait(Promise.all(both))) {
      assert.equal(textOf(value!.value), 'x')
    }
    await first.return!()
    assert.equal((await first.next()).done, true)
    const pending = second.next()
    stop.abort()
    await assert.rejects(world.wait(pending), { name: 'AbortError' })
  })
}

function testPuts(conforming: Conforming): void {
  conforming('a permanent put goes on until it is cancelled', async (world) => {
    const { dht, other } = world
    const { value } = await world.wait(dht.put('k', 'kept', { permanent: true }))
    assert.deepEqual(dht.getLocal('k').map(textOf), ['kept'])
    assert.deepEqual((await world.wait(other.getAll('k'))).map(textOf), ['kept'])
    assert.equal(await world.wait(dht.cancelPut('k', value)), true)
    assert.equal(await world.wait(dht.cancelPut('k', value)), false)
    assert.deepEqual(dht.getLocal('k'), [])
  })

  conforming('an abort before the end withdraws a put', async (world) => {
    const { dht } = world
    const reason = new Error('changed my mind')
    const put = dht.put('k', text('x', 4n), { signal: abortingSoon(reason) })
    await assert.rejects(world.wait(put), reason)
    assert.equal(await world.wait(dht.cancelPut('k', 4n)), false)
    await assert.rejects(dht.put('k', 'x', { signal: AbortSignal.abort(reason) }), reason)
  })

  conforming('wrong arguments are refused before anything starts', async (world) => {
    const { dht } = world
    const zero = InfoHash.fromHex('0'.repeat(40))!
    assert.throws(() => dht.get(zero), RangeError)
    assert.throws(() => dht.get(7 as unknown as string), TypeError)
    assert.throws(() => dht.listen('k', { where: { nonsense: 1 } as object }), TypeError)
    assert.throws(() => dht.query('k', 'WHERE id=1'), TypeError)
    await assert.rejects(dht.put('k', 7 as unknown as ValueInput), TypeError)
    await assert.rejects(dht.put('k', new Uint8Array(70_000)), RangeError)
    await assert.rejects(dht.cancelPut('k', 7 as unknown as bigint), TypeError)
    assert.equal((await dht.stats()).operations, 0)
  })
}

function testEnds(conforming: Conforming): void {
  conforming('nothing starts before iteration, and an abort ends it', async (world) => {
    const { dht } = world
    const reason = new Error('enough')
    for (const iterable of [dht.get('k'), dht.listen('k'), dht.query('k', 'SELECT id')]) {
      assert.equal(typeof iterable[Symbol.asyncIterator], 'function')
    }
    assert.equal((await dht.stats()).operations, 0)
    const aborted = { signal: AbortSignal.abort(reason) }
    await assert.rejects(dht.getAll('k', aborted), reason)
    const listening = dht.listen('k', { signal: abortingSoon(reason) })[Symbol.asyncIterator]()
    await assert.rejects(world.wait(listening.next()), reason)
    assert.equal((await listening.next()).done, true)
  })

  conforming('a close ends listens, and refuses what comes later', async (world) => {
    const { dht } = world
    assert.equal(dht.status().overall, 'connected')
    const heard = hear(dht, 'k')
    await world.run(200)
    await world.wait(dht.close())
    await until(world, () => heard.length > 0)
    assert.deepEqual(heard, ['end'])
    const closed = { code: 'ERR_DHT_CLOSED', name: 'DhtError' }
    await assert.rejects(dht.getAll('k'), closed)
    await assert.rejects(dht.put('k', 'x'), closed)
    await assert.rejects(dht.cancelPut('k', 1n), closed)
    await assert.rejects(dht.listen('k')[Symbol.asyncIterator]().next(), closed)
    await dht.close()
  })
}

/** What a listen hears, in order: `+text`, `-text`, and at its end the name of what ended it. */
export function hear(dht: DhtInterface, key: string, options: ListenOptions = {}): string[] {
  const heard: string[] = []
  const listen = async (): Promise<void> => {
    for await (const { value, expired } of dht.listen(key, options)) {
      heard.push(`${expired ? '-' : '+'}${textOf(value)}`)
    }
    heard.push('end')
  }
  listen().catch((error: Error) => heard.push(error instanceof DhtError ? error.code : error.name))
  return heard
}

/** In a microtask: after the operation has begun, before anything was answered. */
function abortingSoon(reason: Error): AbortSignal {
  const stop = new AbortController()
  queueMicrotask(() => stop.abort(reason))
  return stop.signal
}

async function until(world: ConformanceWorld, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += STEP_MS) {
    assert.ok(waited < LIMIT_MS, `not within ${LIMIT_MS} ms`)
    await world.run(STEP_MS)
  }
}
