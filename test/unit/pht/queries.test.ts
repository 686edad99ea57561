// SPDX-License-Identifier: MIT
// Ranges and closest keys, compared with what a list of all entries says.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Value } from '../../../src/core/value/value.ts'
import { commonBits, compareBytes } from '../../../src/pht/bits.ts'
import { indexTypes } from '../../../src/pht/index-entry.ts'
import { type FieldLengths, type IndexKey, KeySpec } from '../../../src/pht/key-spec.ts'
import { Pht, type RangeOptions } from '../../../src/pht/pht.ts'
import { Prefix } from '../../../src/pht/prefix.ts'
import { MemoryDht } from '../../support/memory-dht.ts'
import { indexed } from '../../support/pht-kit.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

type Key = Record<string, Uint8Array>

/** An index with many entries and a list of their keys. */
class Sample {
  readonly dht = new MemoryDht()
  readonly pht: Pht
  readonly keys: Key[] = []
  readonly #spec: KeySpec
  readonly #random = new SeededRandom(7)

  constructor(spec: FieldLengths) {
    this.pht = new Pht(this.dht, 'test', spec)
    this.#spec = new KeySpec(spec)
  }

  async fill(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const key = this.randomKey()
      this.keys.push(key)
      await this.pht.insert(key, indexed(i))
    }
  }

  /** Few different bytes, so that many keys begin alike. */
  randomKey(): Key {
    const pairs = this.#spec.fields.map(({ name, maxLength }) => [
      name,
      this.randomBytes(maxLength),
    ])
    return Object.fromEntries(pairs)
  }

  randomBytes(maxLength: number): Uint8Array {
    const alphabet = [0, 1, 0x61, 0x7f, 0x80, 0xff]
    const length = this.#random.uint32() % (maxLength + 1)
    return Uint8Array.from({ length }, () => this.#random.pick(alphabet))
  }

  async range(field: string, options: RangeOptions): Promise<number[]> {
    const found = await Array.fromAsync(this.pht.range(field, options))
    for (const { key, id } of found) assert.deepEqual(key, this.keys[Number(id)])
    return found.map(({ id }) => Number(id)).sort((a, b) => a - b)
  }

  expected(isWanted: (key: Key) => boolean): number[] {
    return this.keys.flatMap((key, i) => (isWanted(key) ? [i] : []))
  }

  /** The entries whose keys share most bits with `key`. */
  closest(key: IndexKey): number[] {
    const { content } = this.#spec.linearise(key)
    const ranks = this.keys.map((other) => commonBits(this.#spec.linearise(other).content, content))
    const best = Math.max(...ranks)
    return ranks.flatMap((rank, i) => (rank === best ? [i] : []))
  }
}

for (const spec of [{ k: 3 }, { a: 2, b: 3 }, { x: 1, y: 2, z: 2 }]) {
  const names = Object.keys(spec)
  describe(`an index by ${names.join(', ')}`, () => {
    const sample = new Sample(spec)
    before(() => sample.fill(150))

    test('ranges of every field hold what is between their bounds', async () => {
      for (let round = 0; round < 30; round++) {
        const field = names[round % names.length]!
        const { [field]: max = 0 } = spec as Record<string, number>
        const [from, to] = [sample.randomBytes(max), sample.randomBytes(max)].sort(compareBytes)
        const options = [{ from, to }, { from }, { to }][round % 3]!
        const wanted = sample.expected(
          ({ [field]: value }) =>
            compareBytes(value!, options.from ?? new Uint8Array(0)) >= 0 &&
            (options.to === undefined || compareBytes(value!, options.to) <= 0),
        )
        assert.deepEqual(await sample.range(field, options), wanted, JSON.stringify(options))
      }
    })

    test('ranges hold what begins alike', async () => {
      for (const field of names) {
        for (const start of [[], [0x61], [0xff], [0x80], [0]]) {
          const startsWith = Uint8Array.from(start)
          const wanted = sample.expected(({ [field]: value }) =>
            startsWith.every((byte, i) => value![i] === byte),
          )
          assert.deepEqual(await sample.range(field, { startsWith }), wanted, `${start}`)
        }
      }
    })

    test('the closest keys are all that share most bits', async () => {
      for (let round = 0; round < 30; round++) {
        const key = sample.randomKey()
        const found = await sample.pht.lookup(key, { exact: false })
        const numbers = found.map(({ id }) => Number(id)).sort((a, b) => a - b)
        assert.deepEqual(numbers, sample.closest(key))
      }
    })
  })
}

describe('a range', () => {
  test('reads only the nodes that it meets', async () => {
    const sample = new Sample({ k: 4 })
    await sample.fill(500)
    const before = sample.pht.stats().reads
    await sample.range('k', { startsWith: Uint8Array.of(0x61, 0x61) })
    const some = sample.pht.stats().reads - before
    await sample.range('k', {})
    const all = sample.pht.stats().reads - before - some
    assert.ok(some < all / 2, `${some} of ${all}`)
  })

  test('of an empty index is empty, and so is the closest key', async () => {
    const { pht } = new Sample({ k: 4 })
    assert.deepEqual(await Array.fromAsync(pht.range('k')), [])
    assert.deepEqual(await pht.lookup({ k: 'a' }, { exact: false }), [])
  })

  test('starts nothing before it is read, and can be left at any time', async () => {
    const sample = new Sample({ k: 4 })
    await sample.fill(100)
    const { reads } = sample.pht.stats()
    const range = sample.pht.range('k')
    assert.equal(sample.pht.stats().reads, reads)
    for await (const _ of range) break
    assert.ok(sample.pht.stats().reads - reads <= 16)
  })

  test('refuses bounds that do not fit', () => {
    const { pht } = new Sample({ k: 2 })
    assert.throws(() => pht.range('j'), /^TypeError: field must be "k": got "j"$/)
    assert.throws(() => pht.range('k', { from: 'abc' }), /^RangeError: from must have <= 2 bytes/)
    assert.throws(() => pht.range('k', { to: 5 as never }), /^TypeError: to must be a string/)
    assert.throws(
      () => pht.range('k', { startsWith: 'a', from: 'a' }),
      /^TypeError: startsWith must not be given together with from or to$/,
    )
  })

  test('gives up an index that peers make too large', async () => {
    const { dht, pht } = new Sample({ k: 4 })
    const { canary } = indexTypes('test')
    const marked = new Set<string>()
    // A node exists wherever somebody looks.
    const endless = Object.assign(Object.create(dht) as MemoryDht, {
      async *get(key: Parameters<MemoryDht['get']>[0]) {
        marked.add(`${key}`)
        yield new Value({ id: 1n, userType: canary })
      },
    })
    const wide = new Pht(endless, 'test', { k: 4 })
    await assert.rejects(Array.fromAsync(wide.range('k')), { code: 'ERR_DHT_LIMIT' })
    assert.ok(marked.size > 65_000 && marked.size < 66_000)
    assert.ok(marked.has(`${Prefix.ROOT.key}`))
    pht.close()
  })
})
