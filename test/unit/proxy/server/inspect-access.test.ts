// SPDX-License-Identifier: MIT
// Who may look into a node through the dashboard, and who may act on it.

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { HttpError } from '../../../../src/proxy/server/http-error.ts'
import { Access } from '../../../../src/proxy/server/inspect/access.ts'

const TOKEN = '0123456789abcdef'

function requestOf(
  remoteAddress: string,
  headers: Record<string, string> = {},
  host = 'localhost:8000',
): IncomingMessage {
  return { socket: { remoteAddress }, headers: { host, ...headers } } as unknown as IncomingMessage
}

function statusOf(action: () => void): number {
  try {
    action()
    return 200
  } catch (error) {
    assert.ok(error instanceof HttpError)
    return error.status
  }
}

describe('without a token', () => {
  const access = new Access(undefined)
  const reads = (request: IncomingMessage): number => statusOf(() => access.checkReader(request))

  test('browsers on this host may look', () => {
    for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1']) {
      assert.equal(reads(requestOf(address)), 200, address)
    }
    for (const host of ['127.0.0.1:8000', '[::1]:8000', 'LOCALHOST', 'a.localhost:1']) {
      assert.equal(reads(requestOf('127.0.0.1', {}, host)), 200, host)
    }
  })

  test('others may not, by whatever way they come', () => {
    for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '']) {
      assert.equal(reads(requestOf(address)), 403, address)
    }
    // A name of another website that was made to point here.
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '']) {
      assert.equal(reads(requestOf('127.0.0.1', {}, host)), 403, host)
    }
    // A reverse proxy passes somebody on.
    assert.equal(reads(requestOf('127.0.0.1', { 'x-forwarded-for': '192.0.2.1' })), 403)
    assert.equal(reads(requestOf('127.0.0.1', { forwarded: 'for=192.0.2.1' })), 403)
  })

  test('nobody may act', () => {
    const request = requestOf('127.0.0.1', { authorization: `Bearer ${TOKEN}` })
    assert.equal(
      statusOf(() => access.checkAdmin(request)),
      403,
    )
  })
})

describe('with a token', () => {
  const access = new Access(TOKEN)
  const far = (authorization?: string): IncomingMessage =>
    requestOf('192.0.2.1', authorization === undefined ? {} : { authorization }, 'node.example')

  test('whoever has it may look and act from anywhere', () => {
    for (const request of [far(`Bearer ${TOKEN}`), far(`bearer  ${TOKEN}`)]) {
      access.checkReader(request)
      access.checkAdmin(request)
    }
  })

  test('others are asked for it; those of this host may look without', () => {
    for (const header of [undefined, '', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
      const request = far(header)
      assert.equal(
        statusOf(() => access.checkReader(request)),
        401,
        header,
      )
      assert.equal(
        statusOf(() => access.checkAdmin(request)),
        401,
        header,
      )
    }
    access.checkReader(requestOf('127.0.0.1'))
    assert.equal(
      statusOf(() => access.checkAdmin(requestOf('127.0.0.1'))),
      401,
    )
  })
})

test('a token that could be guessed is refused', () => {
  assert.throws(() => new Access('short'), /^RangeError: token must have at least 16 characters/)
})
