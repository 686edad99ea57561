// SPDX-License-Identifier: MIT
// What went wrong in the node, for clients.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DhtError } from '../../../../src/core/errors.ts'
import type { HttpError } from '../../../../src/proxy/server/http-error.ts'
import { failureOf } from '../../../../src/proxy/server/node-failure.ts'

test('failures have a status, and say when to come back if that helps', () => {
  const cases = [
    [new DhtError('ERR_DHT_NO_NODES', 'x'), 502, undefined],
    [new DhtError('ERR_DHT_CLOSED', 'x'), 503, '5'],
    [new DhtError('ERR_DHT_LIMIT', 'x'), 503, '5'],
    [new DhtError('ERR_DHT_STATE', 'x'), 503, '5'],
    [new RangeError('value is too large'), 413, undefined],
    [new TypeError('x'), 400, undefined],
  ] as const
  for (const [error, status, retryAfter] of cases) {
    const failure = failureOf('Put failed', error) as HttpError
    assert.equal(failure.status, status)
    assert.equal(failure.headers['Retry-After'], retryAfter)
  }
  const bug = new Error('a fault of ours')
  assert.equal(failureOf('Put failed', bug), bug)
})
