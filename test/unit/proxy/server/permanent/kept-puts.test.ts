// SPDX-License-Identifier: MIT
// Permanent puts over a day, in virtual time.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DhtError } from '../../../../../src/core/errors.ts'
import { InfoHash } from '../../../../../src/core/id/info-hash.ts'
import { utf8 } from '../../../../../src/core/util/bytes.ts'
import { Value } from '../../../../../src/core/value/value.ts'
import { HOUR, KeptKit } from '../../../../support/kept-kit.ts'

const KEY = InfoHash.get('key')
const DEVICE = { key: 'token', client_id: 'app', session_id: 's1', platform: 'android', topic: '' }

suite('KeptPuts', () => {
  test('announces a value until a day after its last request', async () => {
    await using kit = await KeptKit.start()
    const { id } = await kit.put(KEY, { data: utf8('a') })
    assert.notEqual(id, 0n)
    assert.deepEqual(kit.node.calls, [`put ${KEY} ${id}`])
    await kit.clock.pass(20 * HOUR)
    await kit.put(KEY, { id, data: utf8('a') })
    await kit.clock.pass(23.9 * HOUR)
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
    await kit.clock.pass(0.2 * HOUR)
    assert.deepEqual(kit.node.calls, [`put ${KEY} ${id}`, `cancel ${KEY} ${id}`])
    assert.deepEqual(kit.state.puts.counts, { keys: 0, values: 0 })
    assert.equal(kit.state.keeper.counters.expiredPuts, 1)
  })

  test('tells the device at 22 hours that it must renew, once', async () => {
    await using kit = await KeptKit.start()
    await kit.put(KEY, { id: 6n }, DEVICE)
    await kit.clock.pass(21.9 * HOUR)
    assert.deepEqual(kit.told, [])
    await kit.clock.pass(0.2 * HOUR)
    await kit.gateway.received(1)
    await kit.clock.pass(1.5 * HOUR)
    assert.deepEqual(kit.told, [{ s: 's1', timeout: `${KEY}`, to: 'app', vid: '6' }])
  })

  test('tells again after a renewal, in the session that renewed', async () => {
    await using kit = await KeptKit.start()
    await kit.put(KEY, { id: 6n }, DEVICE)
    await kit.clock.pass(22.1 * HOUR)
    await kit.put(KEY, { id: 6n }, { ...DEVICE, session_id: 's2' })
    await kit.clock.pass(21 * HOUR)
    await kit.gateway.received(1)
    assert.equal(kit.told.length, 1)
    await kit.clock.pass(1.1 * HOUR)
    await kit.gateway.received(2)
    assert.equal(kit.told[1]?.['s'], 's2')
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
  })

  test('keeps notifying the device that a renewal does not name', async () => {
    await using kit = await KeptKit.start()
    await kit.put(KEY, { id: 6n }, DEVICE)
    await kit.put(KEY, { id: 6n }, true)
    await kit.clock.pass(22.1 * HOUR)
    await kit.gateway.received(1)
    assert.equal(kit.told[0]?.['to'], 'app')
  })

  test('gives who repeats a put without an id the id it has', async () => {
    await using kit = await KeptKit.start()
    const [first, second] = await Promise.all([
      kit.put(KEY, { data: utf8('a') }, DEVICE),
      kit.put(KEY, { data: utf8('a') }, DEVICE),
    ])
    assert.equal(first.id, second.id)
    await kit.clock.pass(20 * HOUR)
    assert.equal((await kit.put(KEY, { data: utf8('a') }, DEVICE)).id, first.id)
    assert.deepEqual(kit.node.calls, [`put ${KEY} ${first.id}`])
    // Upstream leaves the time of the notice where it was.
    await kit.clock.pass(21.9 * HOUR)
    assert.deepEqual(kit.told, [])
    await kit.clock.pass(0.2 * HOUR)
    await kit.gateway.received(1)
  })

  test('takes puts that differ in content, device, client or key for different ones', async () => {
    await using kit = await KeptKit.start()
    const ids = new Set([
      (await kit.put(KEY, { data: utf8('a') }, DEVICE)).id,
      (await kit.put(KEY, { data: utf8('b') }, DEVICE)).id,
      (await kit.put(KEY, { data: utf8('a') }, { ...DEVICE, key: 'other' })).id,
      (await kit.put(KEY, { data: utf8('a') }, { ...DEVICE, client_id: 'other' })).id,
      (await kit.put(KEY, { data: utf8('a') }, true)).id,
      (await kit.put(InfoHash.get('other'), { data: utf8('a') }, DEVICE)).id,
    ])
    assert.equal(ids.size, 6)
    assert.deepEqual(kit.state.puts.counts, { keys: 2, values: 6 })
  })

  test('replaces the value of an id', async () => {
    await using kit = await KeptKit.start()
    await kit.put(KEY, { id: 5n, data: utf8('a') })
    const value = await kit.put(KEY, { id: 5n, data: utf8('b') })
    assert.deepEqual(value.data, utf8('b'))
    assert.deepEqual(kit.node.calls, [`put ${KEY} 5`, `put ${KEY} 5`])
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
  })

  test('takes any value of the member, even false, as a wish', async () => {
    await using kit = await KeptKit.start()
    for (const permanent of [false, null, 0, '', {}, []]) await kit.put(KEY, { id: 5n }, permanent)
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
  })

  test('keeps what the network did not take, and says so', async () => {
    await using kit = await KeptKit.start()
    kit.node.failure = new DhtError('ERR_DHT_NO_NODES', 'nobody there')
    await assert.rejects(kit.put(KEY, { id: 5n }), kit.node.failure)
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
    kit.node.failure = undefined
    await kit.put(KEY, { id: 5n })
    assert.deepEqual(kit.node.calls, [`put ${KEY} 5`, `put ${KEY} 5`])
  })

  test('tries again what the node had no room for', async () => {
    await using kit = await KeptKit.start()
    kit.node.failure = new DhtError('ERR_DHT_LIMIT', 'full')
    await assert.rejects(kit.put(KEY, { id: 5n }), kit.node.failure)
    kit.node.failure = undefined
    await kit.clock.pass(61_000)
    assert.equal(kit.node.calls.length, 2)
    await kit.clock.pass(HOUR)
    assert.equal(kit.node.calls.length, 2)
  })

  test('ends when the same id is put for once with other content', async () => {
    await using kit = await KeptKit.start()
    await kit.put(KEY, { id: 5n, data: utf8('a') })
    await kit.state.puts.putOnce(KEY, new Value({ id: 5n, data: utf8('b') }))
    assert.deepEqual(kit.state.puts.counts, { keys: 0, values: 0 })
    assert.deepEqual(kit.node.calls, [`put ${KEY} 5`, `cancel ${KEY} 5`, `once ${KEY} 5`])
  })

  test('goes on when the same is put for once, which in the node would end it', async () => {
    await using kit = await KeptKit.start()
    const value = new Value({ id: 5n, data: utf8('a') })
    await kit.put(KEY, value)
    assert.deepEqual(await kit.state.puts.putOnce(KEY, value), value)
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
    assert.deepEqual(kit.node.calls, [`put ${KEY} 5`])
  })

  test('is tried again by a put of the same for once, if nobody took it', async () => {
    await using kit = await KeptKit.start()
    const value = new Value({ id: 5n, data: utf8('a') })
    kit.node.failure = new DhtError('ERR_DHT_NO_NODES', 'nobody there')
    await assert.rejects(kit.put(KEY, value), kit.node.failure)
    await assert.rejects(kit.state.puts.putOnce(KEY, value), kit.node.failure)
    kit.node.failure = undefined
    await kit.state.puts.putOnce(KEY, value)
    assert.equal(kit.node.calls.length, 3)
  })

  test('refuses a value that no node takes before it keeps it', async () => {
    await using kit = await KeptKit.start()
    await assert.rejects(kit.put(KEY, { data: new Uint8Array(70_000) }), RangeError)
    await assert.rejects(kit.put(KEY, { owner: new Uint8Array(10) }), TypeError)
    assert.deepEqual(kit.state.puts.counts, { keys: 0, values: 0 })
  })

  test('has a limit for one address, and for all', async () => {
    const limits = { maxPutsPerAddress: 2, maxPuts: 3, maxPutBytes: 100 }
    await using kit = await KeptKit.start({ keptLimits: limits })
    const put = (id: bigint, address: string) => kit.put(KEY, { id }, true, address)
    await put(1n, 'a')
    await put(2n, 'a')
    await assert.rejects(put(3n, 'a'), { status: 429, headers: { 'Retry-After': '600' } })
    await put(1n, 'a')
    await put(3n, 'b')
    await assert.rejects(put(4n, 'b'), { status: 503 })
    assert.equal(kit.state.refusals.puts, 2)
    await kit.clock.pass(25 * HOUR)
    const large = { id: 9n, data: new Uint8Array(80) }
    await kit.put(KEY, large)
    await assert.rejects(kit.put(KEY, { ...large, id: 10n }), { status: 503 })
    // Nor does a small one grow beyond the limit.
    await kit.put(KEY, { id: 10n })
    await assert.rejects(kit.put(KEY, { ...large, id: 10n }), { status: 503 })
    await kit.put(KEY, large)
  })

  test('stops to announce when it is closed', async () => {
    const kit = await KeptKit.start()
    await kit.put(KEY, { id: 5n })
    await kit[Symbol.asyncDispose]()
    assert.deepEqual(kit.node.calls, [`put ${KEY} 5`, `cancel ${KEY} 5`])
    assert.equal(kit.clock.timers, 0)
  })
})
