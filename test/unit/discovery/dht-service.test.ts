// SPDX-License-Identifier: MIT
// What nodes announce about themselves, and announcements that are none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { nodePayload, readNodePayload } from '../../../src/discovery/dht-service.ts'
import type { MsgpackValue } from '../../../src/discovery/msgpack-value.ts'

const ID = InfoHash.get('node')
const BYTES = ID.toBytes()

test('a node is read as it was written', () => {
  for (const network of [0, 7, 0xffff_ffff]) {
    const node = { id: ID, port: 4222, network }
    assert.deepEqual(readNodePayload(nodePayload(node)), node)
  }
  const longer = [...(nodePayload({ id: ID, port: 1, network: 0 }) as MsgpackValue[]), 'more']
  assert.equal(readNodePayload(longer)?.port, 1, 'later versions may say more')
})

test('anything else is no node', () => {
  const wrong: MsgpackValue[] = [
    null,
    'dht',
    {},
    [],
    [BYTES, 4222],
    [ID.toString(), 4222, 0],
    [BYTES.subarray(1), 4222, 0],
    [new Uint8Array(20), 4222, 0],
    [BYTES, 0, 0],
    [BYTES, 65_536, 0],
    [BYTES, -1, 0],
    [BYTES, 4222.5, 0],
    [BYTES, '4222', 0],
    [BYTES, 4222, -1],
    [BYTES, 4222, 2 ** 32],
    [BYTES, 4222, 2n ** 60n],
    [BYTES, 4222, null],
  ]
  for (const payload of wrong) assert.equal(readNodePayload(payload), undefined)
})
