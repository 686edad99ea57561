// SPDX-License-Identifier: MIT
// What every store of a proxy has to keep.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ProxyStore } from '../../src/proxy/server/store/proxy-store.ts'
import { recordId, twinOf } from '../../src/proxy/server/store/records.ts'
import { put, RememberingHolder, subscription } from './record-samples.ts'

interface StoreUnderTest extends AsyncDisposable {
  /** A store with nothing in it, or what an earlier one left. */
  open(): Promise<ProxyStore>
}

export function testStore(name: string, start: () => Promise<StoreUnderTest>): void {
  async function opened(place: StoreUnderTest): Promise<[ProxyStore, RememberingHolder]> {
    const [store, holder] = [await place.open(), new RememberingHolder()]
    await store.open(holder)
    return [store, holder]
  }

  suite(name, () => {
    test('hands over what is written, and takes back what is removed', async () => {
      await using place = await start()
      const [store, holder] = await opened(place)
      const records = [subscription('a'), put('b', 7n), put('b', 2n ** 64n - 1n)]
      for (const record of records) await store.write(record)
      assert.deepEqual([...holder.held.values()], records)
      for (const record of records) {
        assert.deepEqual(await store.read(recordId(record)), record)
      }
      await store.remove(recordId(records[0]!))
      await store.remove('listen:0000000000000000000000000000000000000000:none')
      assert.deepEqual(holder.ids, records.slice(1).map(recordId).sort())
      assert.equal(await store.read(recordId(records[0]!)), undefined)
      await store.close()
    })

    test('replaces only what has not changed', async () => {
      await using place = await start()
      const [store, holder] = await opened(place)
      await store.write(put('a', 1n))
      const [held] = holder.held.values()
      assert(held !== undefined)
      await store.replace(held, { ...held, isNoticed: true })
      const noticed = await store.read(recordId(held))
      assert.equal(noticed?.isNoticed, true)
      // Its client came back in the meantime.
      await store.replace(held, undefined)
      assert.deepEqual(await store.read(recordId(held)), noticed)
      await store.replace(noticed!, undefined)
      assert.equal(await store.read(recordId(held)), undefined)
      assert.deepEqual(holder.ids, [])
      await store.close()
    })

    test('finds puts by what they are', async () => {
      await using place = await start()
      const [store] = await opened(place)
      const [a, b] = [put('a', 1n, 'first'), put('a', 2n, 'second')]
      const twin = (record: typeof a) => twinOf(record.key, record.value, record.target)
      await store.write(a)
      await store.write(b)
      assert.equal(await store.findTwin(twin(a)), recordId(a))
      await store.write({ ...b, value: a.value.withId(2n) })
      assert.equal(await store.findTwin(twin(b)), undefined)
      await store.remove(recordId(a))
      await store.remove(recordId(b))
      assert.equal(await store.findTwin(twin(a)), undefined)
      await store.close()
    })

    test('counts what there is, in all and of an address', async () => {
      await using place = await start()
      const [store] = await opened(place)
      const record = put('a', 1n, 'four')
      await store.write(record)
      await store.write({ ...record, isNoticed: true })
      await store.write({ ...put('a', 2n, 'seven77'), address: 'other' })
      await store.write(subscription('a'))
      const bytes = 4 + 7 + 2 * 'text/plain'.length
      const { address } = record
      assert.deepEqual(await store.usage('put', address), { records: 2, bytes, ofAddress: 1 })
      assert.deepEqual(await store.usage('put', 'none'), { records: 2, bytes, ofAddress: 0 })
      assert.equal((await store.usage('listen', '192.0.2.1')).ofAddress, 1)
      await store.remove(recordId(record))
      assert.deepEqual(await store.usage('put', address), { records: 1, bytes: 17, ofAddress: 0 })
      await store.close()
    })

    test('keeps the first note of a name', async () => {
      await using place = await start()
      const [store] = await opened(place)
      assert.equal(await store.note('name'), undefined)
      assert.equal(await store.noteOnce('name', 'first'), 'first')
      assert.equal(await store.noteOnce('name', 'second'), 'first')
      assert.equal(await store.note('name'), 'first')
      await store.close()
    })
  })
}

/** Of stores that outlive a process. */
export function testLastingStore(name: string, start: () => Promise<StoreUnderTest>): void {
  suite(`${name}, opened again`, () => {
    test('has what was written before', async () => {
      await using place = await start()
      const before = await place.open()
      await before.open(new RememberingHolder())
      const records = Array.from({ length: 500 }, (_, n) =>
        n % 2 === 0 ? subscription(`key ${n}`) : put(`key ${n}`, BigInt(n)),
      )
      await Promise.all(records.map((record) => before.write(record)))
      await before.remove(recordId(records[0]!))
      await before.noteOnce('name', 'text')
      await before.close()
      const [after, holder] = [await place.open(), new RememberingHolder()]
      await after.open(holder)
      assert.deepEqual(holder.ids, records.slice(1).map(recordId).sort())
      for (const record of records.slice(1)) {
        assert.deepEqual(holder.held.get(recordId(record)), record)
      }
      assert.equal(await after.note('name'), 'text')
      assert.equal((await after.usage('listen', '192.0.2.1')).records, 249)
      await after.close()
    })
  })
}
