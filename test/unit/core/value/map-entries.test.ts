// SPDX-License-Identifier: MIT
// Lookup of map entries by name.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntryNames } from '../../../../src/core/value/map-entries.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'
import { fromHex } from '../../../support/vectors.ts'

test('a key with a leading zero byte is not the known one', () => {
  const names = new EntryNames('id')
  // {"\0id": 1}
  const padded = new MsgpackReader(fromHex('81a300696401'))
  assert.deepEqual([...names.find(padded)], [-1])
  // {"id": 1}
  assert.deepEqual([...names.find(new MsgpackReader(fromHex('81a2696401')))], [4])
})
