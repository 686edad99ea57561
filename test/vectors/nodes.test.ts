// SPDX-License-Identifier: MIT
// Exported nodes, as the C++ implementation writes them. (Compact lists of replies are checked with
// the packets they come from.)

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packNodes, unpackNodes } from '../../src/core/storage/state.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

const vectors = loadVectors<{
  node_export: { nodes: { id: string; packed: string }[]; array: string }
}>('core/nodes')

const ADDRESSES = ['192.0.2.1:4222', '[2001:db8::1]:4223']

test('exported nodes are read and written byte for byte', () => {
  const { nodes, array } = vectors.node_export
  const read = unpackNodes(fromHex(array))
  assert.deepEqual(
    read.map(({ id }) => id.toString()),
    nodes.map(({ id }) => id),
  )
  assert.deepEqual(
    read.map(({ address }) => address.toString()),
    ADDRESSES,
  )
  assert.equal(toHex(packNodes(read)), array)
  for (const [index, { packed }] of nodes.entries()) {
    assert.equal(toHex(packNodes([read[index]!])), `91${packed}`)
  }
})
