// SPDX-License-Identifier: MIT
// What happens at configured limits: operations end with `limit`, and counters say so.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtConfig } from '../../../src/core/config.ts'
import { STORED_VALUE_OVERHEAD_BYTES } from '../../../src/core/constants.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { toByteText } from '../../../src/core/util/bytes.ts'
import { packedValue } from '../../../src/core/value/pack-value.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { Value } from '../../../src/core/value/value.ts'
import { KEY, outcomesOf, peerAddress, text, textOf } from '../../support/dht-kit.ts'
import { FakePeer } from '../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'

const MINUTE_MS = 60_000

function world(config: DhtConfig): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork()
  net.addMany(6)
  const node = net.add(config)
  net.join()
  return { net, node }
}

const keys = Array.from({ length: 10 }, (_, n) => InfoHash.get(`key ${n}`))

describe('the limit of searches', () => {
  it('ends operations on further keys with `limit`', () => {
    const { net, node } = world({ maxSearches: 4 })
    const { dht } = node
    const listens = keys.slice(0, 3).map((key) => dht.startListen(key, QUERY_ALL, net.now))
    const lasting = dht.startPut(keys[3]!, text('x', 1n), { permanent: true }, net.now).operation
    net.run(1000)
    const get = dht.startGet(keys[4]!, QUERY_ALL, net.now)
    const put = dht.startPut(keys[5]!, text('x', 1n), {}, net.now).operation
    const listen = dht.startListen(keys[6]!, QUERY_ALL, net.now)
    net.run(1000)
    for (const operation of [get, put, listen]) {
      assert.deepEqual(outcomesOf(node, operation), ['limit'])
    }
    assert.deepEqual(outcomesOf(node, lasting), ['ok'])
    for (const operation of listens) assert.deepEqual(outcomesOf(node, operation), [])
    assert.deepEqual(dht.localValues(keys[5]!).map(textOf), ['x'], 'stored here at least')
    const known = dht.startGet(keys[0]!, QUERY_ALL, net.now)
    assert.equal(net.finish(node, known), 'ok', 'on a key that has a search all is well')
  })

  it('leaves a permanent put to be tried again', () => {
    const { net, node } = world({ maxSearches: 1 })
    const listen = node.dht.startListen(keys[0]!, QUERY_ALL, net.now)
    const put = (): number =>
      node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now).operation
    assert.equal(net.finish(node, put()), 'limit')
    assert.deepEqual(node.dht.pendingPuts(KEY), [])
    node.dht.cancel(listen, net.now)
    net.run(2 * MINUTE_MS)
    assert.equal(net.finish(node, put()), 'ok')
    assert.equal(node.dht.pendingPuts(KEY).length, 1)
  })

  it('leaves room for operations one after the other', () => {
    const { net, node } = world({ maxSearches: 1 })
    for (const key of keys) {
      const operation = node.dht.startGet(key, QUERY_ALL, net.now)
      assert.equal(net.finish(node, operation), 'ok')
    }
    assert.equal(node.dht.stats(net.now).ipv4.searches, 1)
  })

  it('of 0 refuses everything', () => {
    const { net, node } = world({ maxSearches: 0 })
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.pump(node)
    assert.deepEqual(outcomesOf(node, operation), ['limit'])
    assert.equal(node.dht.status().ipv4, 'connected')
  })
})

describe('the limit of own values', () => {
  const cost = packedValue(text('x', 1n)).length + STORED_VALUE_OVERHEAD_BYTES

  it('ends a put with `limit`, and nothing is sent', () => {
    const { net, node } = world({ maxLocalStorageBytes: 2 * cost })
    const put = (id: bigint, permanent: boolean): number =>
      node.dht.startPut(KEY, text('x', id), { permanent }, net.now).operation
    const first = [put(1n, false), put(2n, true)]
    net.run(1000)
    const third = put(3n, false)
    const fourth = put(4n, true)
    net.run(1000)
    assert.deepEqual(
      first.flatMap((operation) => outcomesOf(node, operation)),
      ['ok', 'ok'],
    )
    assert.deepEqual(outcomesOf(node, third), ['limit'])
    assert.deepEqual(outcomesOf(node, fourth), ['limit'])
    assert.equal(node.dht.stats(net.now).storage.counters.refused.local, 2)
    assert.deepEqual(
      node.dht.pendingPuts(KEY).map(({ id }) => id),
      [2n],
    )
    assert.equal(net.nodes[0]!.dht.localValues(KEY).length, 2)
    node.dht.cancelPut(KEY, 2n, net.now)
    assert.equal(net.finish(node, put(3n, false)), 'ok')
  })

  it('does not end a put of other content that takes the place of one', () => {
    const { net, node } = world({ maxLocalStorageBytes: cost })
    const first = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now).operation
    assert.equal(net.finish(node, first), 'ok')
    const second = node.dht.startPut(KEY, text('y', 1n), { permanent: true }, net.now).operation
    assert.equal(net.finish(node, second), 'ok')
    const large = text('far too large for it', 1n)
    const third = node.dht.startPut(KEY, large, { permanent: true }, net.now).operation
    assert.equal(net.finish(node, third), 'limit')
    assert.deepEqual(node.dht.localValues(KEY).map(textOf), ['y'], 'goes on')
    assert.deepEqual(node.dht.pendingPuts(KEY).map(textOf), ['y'])
  })
})

describe('the limit of listeners', () => {
  it('leaves those beyond it without an answer, and -1 lifts also that of one source', () => {
    const registered = (maxListeners: number, count: number): number => {
      const { net, node } = world({ maxListeners })
      const peer = new FakePeer(net, InfoHash.get('peer'), peerAddress(1))
      const token = peer.tokenOf(node.address)
      const answers = Array.from({ length: count }, (_, n) =>
        peer.ask(node.address, (e, w, tid) =>
          e.listen(w, tid, InfoHash.get(`heard ${n}`), toByteText(token), n, QUERY_ALL),
        ),
      )
      const { storage } = node.dht.stats(net.now)
      assert.equal(answers.flat().length, storage.listeners)
      return storage.listeners
    }
    assert.equal(registered(-1, 20), 20)
    assert.equal(registered(160, 20), 10)
    assert.equal(registered(0, 20), 0)
  })
})

describe('the limit of values of others', () => {
  it('is kept, and counted, while puts are acknowledged', () => {
    const { net, node } = world({ maxStorageBytes: 20_000, maxStorageKeys: 30 })
    const peer = new FakePeer(net, InfoHash.get('peer'), peerAddress(1))
    const token = peer.tokenOf(node.address)
    for (let n = 0; n < 60; n++) {
      const packed = [packedValue(new Value({ id: BigInt(n + 1), data: new Uint8Array(200) }))]
      const key = InfoHash.get(`many ${n}`)
      const answers = peer.ask(node.address, (e, w, tid) =>
        e.put(w, tid, key, { kind: 'values', packed }, toByteText(token), undefined),
      )
      assert.equal(answers[0]?.valueId, BigInt(n + 1))
    }
    const { storage } = node.dht.stats(net.now)
    assert(storage.remoteBytes <= 20_000)
    assert(storage.keys <= 30)
    const { refused, evicted } = storage.counters
    assert.equal(storage.values + evicted + refused.quota + refused.keys, 60)
    net.run(11 * MINUTE_MS)
    assert.equal(node.dht.stats(net.now).storage.remoteBytes, 0)
  })
})
