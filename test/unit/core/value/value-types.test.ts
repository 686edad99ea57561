// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import type { SignatureVerifier } from '../../../../src/core/ports.ts'
import { defaultTypes, TypeId } from '../../../../src/core/value/default-types.ts'
import { toSignBytes } from '../../../../src/core/value/pack-value.ts'
import { acceptBySize, secureType } from '../../../../src/core/value/policies.ts'
import { readServiceAddress, serviceAddressData } from '../../../../src/core/value/service-data.ts'
import { TypeStore } from '../../../../src/core/value/type-store.ts'
import { Value, type ValueInit } from '../../../../src/core/value/value.ts'

const KEY = InfoHash.get('key')
const FROM = SocketAddress.parse('198.51.100.9', 4000)!
const ALICE = new Uint8Array([1])
const BOB = new Uint8Array([2])

/** A "signature" is the hash of owner and bytes: enough to tell valid from invalid. */
class FakeVerifier implements SignatureVerifier {
  verify(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return Buffer.from(fakeSignature(owner, message)).equals(signature)
  }
}

function fakeSignature(owner: Uint8Array, message: Uint8Array): Uint8Array {
  return InfoHash.get(new Uint8Array([...owner, ...message])).toBytes()
}

function signed(init: ValueInit, owner = ALICE): Value {
  const unsigned = new Value({ id: 1n, ...init, owner })
  return new Value({ ...unsigned, signature: fakeSignature(owner, toSignBytes(unsigned)) })
}

const types = new TypeStore(defaultTypes({ verifier: new FakeVerifier() }))
const blind = new TypeStore(defaultTypes())
const data = (text: string): Uint8Array => new TextEncoder().encode(text)

function stores(value: Value, from = types): boolean {
  return from.get(value.type).storePolicy(KEY, value, FROM) === value
}

function edits(current: Value, next: Value, from = types): boolean {
  return from.get(current.type).editPolicy(KEY, current, next, FROM)
}

suite('secureType()', () => {
  test('stores signed values exactly when the signature is valid, whatever their size', () => {
    for (const type of [0, 1, 3, 4, 5, 1234]) {
      const value = signed({ type, data: new Uint8Array(70_000) })
      assert.ok(stores(value))
      assert.ok(!stores(new Value({ ...value, seq: 1 })))
      assert.ok(!stores(new Value({ ...value, owner: BOB })))
    }
  })

  test('refuses signed values without a verifier, new or as edit', () => {
    const value = signed({})
    assert.ok(!stores(value, blind))
    assert.ok(!edits(value, signed({ seq: 1 }), blind))
  })

  test('leaves other values to the type', () => {
    assert.ok(stores(new Value({ data: new Uint8Array(65_536) })))
    assert.ok(!stores(new Value({ data: new Uint8Array(65_537) })))
    assert.ok(!stores(new Value({ cypher: new Uint8Array(65_537) })))
    const open = secureType({ ...types.get(0), storePolicy: acceptBySize, editPolicy: () => true })
    assert.ok(open.editPolicy(KEY, new Value(), new Value(), FROM))
  })

  test('lets only the owner edit, and only forward', () => {
    const current = signed({ seq: 5, data: data('a') })
    assert.ok(edits(current, signed({ seq: 6, data: data('b') })))
    assert.ok(edits(current, signed({ seq: 65_535 })))
    assert.ok(!edits(current, signed({ seq: 4 })))
    assert.ok(!edits(current, signed({ seq: 5, data: data('b') })))
    assert.ok(edits(current, signed({ seq: 5, data: data('a') })))
    assert.ok(!edits(current, signed({ seq: 6 }, BOB)))
    assert.ok(!edits(current, new Value({ ...signed({ seq: 6 }), seq: 7 })))
    assert.ok(!edits(signed({ seq: 65_535 }), signed({ seq: 0 })))
  })

  test('denies values without an owner over signed ones', () => {
    const current = signed({ seq: 5 })
    assert.ok(!edits(current, new Value({ id: 1n, seq: 9 })))
    assert.ok(!edits(current, new Value({ id: 1n, cypher: data('x') })))
    assert.ok(!edits(current, new Value({ id: 1n, owner: ALICE, seq: 9 })))
    assert.ok(!edits(current, new Value({ id: 1n, signature: data('x'), seq: 9 })))
  })

  test('denies any edit of plain and encrypted values', () => {
    for (const current of [new Value({ id: 1n }), new Value({ id: 1n, cypher: data('x') })]) {
      assert.ok(!edits(current, new Value({ id: 1n, data: data('new') })))
      assert.ok(!edits(current, signed({ seq: 1 })))
    }
  })
})

suite('default types', () => {
  test('a message needs a service, if it is one', () => {
    const message = (payload: unknown): Value =>
      new Value({ type: TypeId.DhtMessage, data: encode(payload) })
    assert.ok(stores(message(['svc', data('x')])))
    assert.ok(!stores(message(['', data('x')])))
    assert.ok(stores(message('not a message')))
    assert.ok(stores(message(['', 5])))
    assert.ok(stores(new Value({ type: 1 })))
  })

  test('an announcement is stored with the address of its sender', () => {
    const type = types.get(TypeId.IpService)
    const announced = SocketAddress.parse('203.0.113.1', 80)!
    const value = new Value({
      id: 5n,
      type: 2,
      data: serviceAddressData(announced),
      userType: 'x',
      priority: 1,
    })
    for (const [host, size] of [
      ['198.51.100.9', 18],
      ['2001:db8::9', 30],
    ] as const) {
      const stored = type.storePolicy(KEY, value, SocketAddress.parse(host, 4000)!)!
      const expected = SocketAddress.parse(host, 80)!
      assert.deepEqual(stored, new Value({ id: 5n, type: 2, data: serviceAddressData(expected) }))
      assert.equal(stored.data.length, size)
      assert.ok(readServiceAddress(stored.data)!.equals(expected))
    }
  })

  test('an announcement needs a port', () => {
    const store = (bytes: Uint8Array): unknown =>
      types.get(2).storePolicy(KEY, new Value({ type: 2, data: bytes }), FROM)
    assert.equal(store(serviceAddressData(FROM.withPort(0))), undefined)
    assert.equal(store(data('nonsense')), undefined)
    assert.equal(store(new Uint8Array(0)), undefined)
    assert.equal(store(serviceAddressData(FROM).subarray(0, 10)), undefined)
  })

  test('a certificate can be replaced by one of the same public key', () => {
    const [sha1, long] = [InfoHash.get('id'), InfoHash.get('long id')]
    const certificateKeys = (bytes: Uint8Array): InfoHash[] | undefined => {
      const text = Buffer.from(bytes).toString()
      return text.startsWith('mine') ? [sha1, long] : text === 'other' ? [KEY] : undefined
    }
    const { storePolicy, editPolicy } = new TypeStore(defaultTypes({ certificateKeys })).get(8)
    const value = (text: string): Value =>
      new Value({ id: 1n, type: TypeId.Certificate, data: encode(data(text)) })
    assert.ok(storePolicy(sha1, value('mine'), FROM))
    assert.ok(storePolicy(long, value('mine'), FROM))
    assert.ok(storePolicy(long, new Value({ type: 8, data: data('mine') }), FROM))
    assert.ok(!storePolicy(sha1, value('other'), FROM))
    assert.ok(!storePolicy(sha1, value('junk'), FROM))
    assert.ok(editPolicy(long, value('mine'), value('mine, renewed'), FROM))
    assert.ok(!editPolicy(long, value('mine'), value('other'), FROM))
    assert.ok(!editPolicy(KEY, value('mine'), value('other'), FROM))
    assert.ok(!editPolicy(long, value('mine'), value('junk'), FROM))
    assert.ok(!blind.get(8).editPolicy(long, value('mine'), value('mine'), FROM))
  })
})

suite('TypeStore', () => {
  test('treats unknown types like type 0', () => {
    assert.equal(types.get(77), types.get(0))
    const empty = new TypeStore()
    assert.equal(empty.get(77).lifetimeMs, 600_000)
    assert.ok(stores(new Value(), empty))
    assert.ok(!edits(new Value(), new Value(), empty))
  })

  test('replaces types, and refuses ids that no value can have', () => {
    const store = new TypeStore(defaultTypes())
    store.register({ ...store.get(0), id: 65_535, name: 'mine' })
    store.register({ ...store.get(0), name: 'replaced' })
    assert.equal(store.get(65_535).name, 'mine')
    assert.equal(store.get(1000).name, 'replaced')
    for (const id of [-1, 65_536, 1.5, Number.NaN]) {
      assert.throws(() => store.register({ ...store.get(0), id }), RangeError)
    }
  })
})
