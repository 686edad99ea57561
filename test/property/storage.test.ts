// SPDX-License-Identifier: MIT
// Storage against a list of values that is searched from end to end, under random sequences of
// puts, refreshes, removals and time: same contents, same accounts, same victims when space runs
// out.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { acceptBySize } from '../../src/core/value/policies.ts'
import { Value } from '../../src/core/value/value.ts'
import type { ValueType } from '../../src/core/value/value-type.ts'
import { address, costOf, StorageKit } from '../support/storage-kit.ts'

const KEYS = ['a', 'b', 'c'].map((text) => InfoHash.get(text))
const IDS = 12
const LIFETIME_MS = 60_000
const MAX_BYTES = 24_000
const MAX_LOCAL_BYTES = 9_000
/** Three prefixes of two sources each. */
const SOURCES = [
  '192.0.2.1',
  '192.0.2.2',
  '198.51.100.1',
  '198.51.100.2',
  '2001:db8:1:1::1',
  '2001:db8:1:2::1',
].map((host) => address(host))

const type: ValueType = {
  id: 0,
  name: 'everything goes',
  lifetimeMs: LIFETIME_MS,
  storePolicy: acceptBySize,
  editPolicy: () => true,
}

interface Put {
  readonly kind: 'put'
  readonly key: number
  readonly id: number
  readonly length: number
  readonly source: number
  readonly age: number
}

interface PutLocal {
  readonly kind: 'putLocal'
  readonly key: number
  readonly id: number
  readonly length: number
  readonly permanent: boolean
}

interface Change {
  readonly kind: 'refresh' | 'remove'
  readonly key: number
  readonly id: number
}

interface Wait {
  readonly kind: 'wait'
  readonly ms: number
}

type Step = Put | PutLocal | Change | Wait

const key = fc.nat({ max: KEYS.length - 1 })
const id = fc.integer({ min: 1, max: IDS })
// Without bias to small numbers: equal sums would leave the choice of the victim open.
const length = fc.noBias(fc.nat({ max: 5000 }))
const source = fc.nat({ max: SOURCES.length - 1 })
const age = fc.noBias(fc.nat({ max: LIFETIME_MS }))
const permanent = fc.boolean()
const put: fc.Arbitrary<Put> = fc.record({
  kind: fc.constant('put'),
  key,
  id,
  length,
  source,
  age,
})
const putLocal: fc.Arbitrary<PutLocal> = fc.record({
  kind: fc.constant('putLocal'),
  key,
  id,
  length,
  permanent,
})
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('refresh', 'remove'),
  key,
  id,
})
const wait: fc.Arbitrary<Wait> = fc.record({
  kind: fc.constant('wait'),
  ms: fc.noBias(fc.nat({ max: LIFETIME_MS / 3 })),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: put },
  { weight: 1, arbitrary: putLocal },
  { weight: 3, arbitrary: change },
  { weight: 1, arbitrary: wait },
)
const steps = fc.array(step, { minLength: 20, maxLength: 150, size: 'max' })

interface Entry {
  readonly key: number
  readonly id: number
  readonly length: number
  readonly cost: number
  /** Undefined for an own value. */
  readonly source: number | undefined
  expiresAt: number
}

/** The rules, without any of the structures that make them fast. */
class Model {
  entries: Entry[] = []
  now = 0

  find(atKey: number, withId: number): Entry | undefined {
    return this.entries.find((it) => it.key === atKey && it.id === withId)
  }

  bytes(accept: (entry: Entry) => boolean): number {
    return this.entries.filter(accept).reduce((sum, it) => sum + it.cost, 0)
  }

  /** Who has to go first; undefined when two have equal claims. */
  victim(): Entry | undefined {
    const remote = this.entries.filter((it) => it.source !== undefined)
    const prefix = largest([0, 1, 2], (it) => this.bytes((entry) => prefixOf(entry) === it))
    if (prefix === undefined) return undefined
    const sources = [2 * prefix, 2 * prefix + 1]
    const source = largest(sources, (it) => this.bytes((entry) => entry.source === it))
    const own = remote.filter((it) => it.source === source)
    const first = Math.min(...own.map((it) => it.expiresAt))
    const earliest = own.filter((it) => it.expiresAt === first)
    return source !== undefined && earliest.length === 1 ? earliest[0] : undefined
  }

  /** The outcome of a put, or undefined where it is open. */
  put(entry: Entry): 'stored' | 'replaced' | 'refreshed' | 'refused' | undefined {
    const old = this.find(entry.key, entry.id)
    if (old !== undefined && old.length === entry.length && entry.source !== undefined) {
      this.refresh(old)
      return 'refreshed'
    }
    if (entry.expiresAt <= this.now) return 'refused'
    const before = this.entries
    this.entries = [...before.filter((it) => it !== old), entry]
    const isLocal = entry.source === undefined
    if (isLocal && this.bytes((it) => it.source === undefined) > MAX_LOCAL_BYTES) {
      this.entries = before
      return 'refused'
    }
    while (this.bytes((it) => it.source !== undefined) > MAX_BYTES) {
      const victim = this.victim()
      if (victim === undefined) return undefined
      this.entries = this.entries.filter((it) => it !== victim)
      if (victim === entry) {
        this.entries = before
        return 'refused'
      }
    }
    if (old === undefined) return 'stored'
    return old.length === entry.length ? 'refreshed' : 'replaced'
  }

  refresh(entry: Entry): void {
    entry.expiresAt = Math.max(entry.expiresAt, this.now + LIFETIME_MS)
  }

  advance(ms: number): void {
    this.now += ms
    this.entries = this.entries.filter((it) => it.expiresAt > this.now)
  }
}

function prefixOf(entry: Entry): number {
  return entry.source === undefined ? -1 : entry.source >> 1
}

function largest(items: number[], size: (item: number) => number): number | undefined {
  const most = Math.max(...items.map(size))
  const found = items.filter((item) => size(item) === most)
  return found.length === 1 ? found[0] : undefined
}

function content(withId: number, bytes: number): Value {
  return new Value({ id: BigInt(withId), data: new Uint8Array(bytes).fill(bytes) })
}

/** False where the outcome is open. Two steps are never at the same time. */
function apply(kit: StorageKit, model: Model, it: Step): boolean {
  const ms = it.kind === 'wait' ? it.ms : 1
  kit.advance(ms)
  model.advance(ms)
  switch (it.kind) {
    case 'put':
      return applyPut(kit, model, it)
    case 'putLocal':
      applyPutLocal(kit, model, it)
      return true
    case 'refresh':
    case 'remove':
      applyChange(kit, model, it)
      return true
    case 'wait':
      return true
  }
}

function applyPut({ storage, now }: StorageKit, model: Model, it: Put): boolean {
  const value = content(it.id, it.length)
  const createdAt = now - it.age
  const entry = { ...it, cost: costOf(value), expiresAt: createdAt + LIFETIME_MS }
  const expected = model.put(entry)
  const from = SOURCES[it.source]!
  const result = storage.put(KEYS[it.key]!, value, { createdAt, from, now })
  if (expected !== undefined) assert.equal(result, expected)
  return expected !== undefined
}

function applyPutLocal({ storage, now }: StorageKit, model: Model, it: PutLocal): void {
  const value = content(it.id, it.length)
  const expiresAt = it.permanent ? Number.POSITIVE_INFINITY : now + LIFETIME_MS
  const expected = model.put({ ...it, cost: costOf(value), source: undefined, expiresAt })
  const result = storage.putLocal(KEYS[it.key]!, value, { permanent: it.permanent, now })
  assert.equal(result, expected)
}

function applyChange({ storage, now }: StorageKit, model: Model, it: Change): void {
  const known = model.find(it.key, it.id)
  const isKnown = known !== undefined
  if (it.kind === 'refresh') {
    assert.equal(storage.refresh(KEYS[it.key]!, BigInt(it.id), now), isKnown)
    if (isKnown) model.refresh(known)
  } else {
    assert.equal(storage.remove(KEYS[it.key]!, BigInt(it.id), now), isKnown)
    model.entries = model.entries.filter((entry) => entry !== known)
  }
}

function compare({ storage }: StorageKit, model: Model): void {
  const remote = model.bytes((it) => it.source !== undefined)
  assert.equal(storage.remoteBytes, remote)
  assert.equal(
    storage.localBytes,
    model.bytes((it) => it.source === undefined),
  )
  assert.equal(storage.valueCount, model.entries.length)
  assert.equal(storage.keyCount, new Set(model.entries.map((it) => it.key)).size)
  for (const [index, source] of SOURCES.entries()) {
    assert.equal(
      storage.quota.sourceBytes(source),
      model.bytes((it) => it.source === index),
    )
    const prefix = model.bytes((it) => prefixOf(it) === index >> 1)
    assert.equal(storage.quota.prefixBytes(source), prefix)
  }
  for (const entry of model.entries) {
    const stored = storage.find(KEYS[entry.key]!)?.find(BigInt(entry.id))
    assert.equal(stored?.expiresAt, entry.expiresAt)
    assert.equal(stored.value.data.length, entry.length)
    assert.equal(stored.isLocal, entry.source === undefined)
    if (entry.source !== undefined) assert.ok(stored.from?.equals(SOURCES[entry.source]!))
  }
}

describe('the storage', () => {
  it('holds, counts and drops what a list would', () => {
    let open = 0
    let evicted = 0
    let refused = 0
    fc.assert(
      fc.property(steps, (sequence) => {
        const kit = new StorageKit({
          types: [type],
          limits: { maxBytes: MAX_BYTES, maxLocalBytes: MAX_LOCAL_BYTES },
        })
        const model = new Model()
        for (const it of sequence) {
          if (!apply(kit, model, it)) {
            open++
            return
          }
          compare(kit, model)
        }
        evicted += kit.storage.stats.evicted
        refused += kit.storage.stats.refused.quota
      }),
      { numRuns: 300 },
    )
    assert.ok(open < 30, `${open} runs came to an open choice`)
    assert.ok(evicted > 1000 && refused > 100, `${evicted} evicted, ${refused} refused`)
  })

  it('tells the observer exactly what leads to its contents', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const kit = new StorageKit({ types: [type], limits: { maxBytes: MAX_BYTES } })
        const model = new Model()
        const held = new Set<string>()
        for (const it of sequence) {
          if (it.kind !== 'putLocal' && !apply(kit, model, it)) return
          for (const change of kit.changes.splice(0)) {
            const name = `${change.key} ${change.id}`
            assert.equal(held.has(name), change.kind !== 'stored', `${change.kind} ${name}`)
            if (change.kind === 'stored') held.add(name)
            else if (change.kind !== 'replaced' && change.kind !== 'refreshed') held.delete(name)
          }
          const present = [...kit.storage].flatMap((entry) =>
            entry.values.map((value) => `${entry.id} ${value.id}`),
          )
          assert.deepEqual(new Set(present), held)
        }
      }),
      { numRuns: 100 },
    )
  })
})
