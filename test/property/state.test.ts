// SPDX-License-Identifier: MIT
// State files with random damage: whatever can still be read is taken over, nothing else happens.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { WireError } from '../../src/core/errors.ts'
import { type NodeState, packState, unpackState } from '../../src/core/storage/state.ts'
import { importValues } from '../../src/core/storage/value-transfer.ts'
import { StorageKit } from '../support/storage-kit.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'

const FILES = ['2.4.12', '4.3.1'].map((version) =>
  fromHex(loadVectors<{ state_file: string }>(`core/state-${version}`).state_file),
)
const WALL_MS = 1_795_326_140_000
const VALUES = 7

function read(bytes: Uint8Array): NodeState | undefined {
  try {
    return unpackState(bytes)
  } catch (error) {
    assert.ok(error instanceof WireError, `${error}`)
    return undefined
  }
}

function importInto(kit: StorageKit, state: NodeState): void {
  kit.advance(2_000_000)
  const options = { wallOffsetMs: WALL_MS - kit.now, now: kit.now }
  const { imported } = importValues(kit.storage, state.values, options)
  assert.equal(kit.storage.valueCount, imported)
  for (const key of kit.storage) for (const { value, id } of key.values) assert.equal(value.id, id)
}

describe('a damaged state file', () => {
  it('is read as far as possible, and never breaks anything', () => {
    const change = fc.record({ at: fc.nat({ max: 2200 }), byte: fc.nat({ max: 255 }) })
    const changes = fc.array(change, { maxLength: 4 })
    fc.assert(
      fc.property(fc.constantFrom(...FILES), changes, fc.nat(2200), (file, damage, length) => {
        const bytes = file.slice(0, damage.length % 2 === 0 ? file.length : length)
        for (const { at, byte } of damage) if (at < bytes.length) bytes[at] = byte
        const state = read(bytes)
        if (state === undefined) return
        importInto(new StorageKit(), state)
        read(packState(state))
      }),
      { numRuns: 500 },
    )
  })

  it('that breaks off still gives its nodes', () => {
    for (const file of FILES) {
      const kit = new StorageKit()
      importInto(kit, unpackState(file))
      assert.equal(kit.storage.valueCount, VALUES)
      const nodes = unpackState(file.subarray(0, 120)).nodes
      assert.equal(nodes.length, 1)
    }
  })

  it('may be any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const state = read(bytes)
        if (state !== undefined) importInto(new StorageKit(), state)
      }),
    )
  })
})
