// SPDX-License-Identifier: MIT
// How the end of a reply is noticed.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { onceGone } from '../../../../src/proxy/server/once-gone.ts'

/** `isQueued`: an earlier reply has the connection. */
function exchange(isQueued: boolean) {
  const socket = new EventEmitter()
  const reply = Object.assign(new EventEmitter(), { socket: isQueued ? null : socket })
  const listeners = () => socket.listenerCount('close') + reply.listenerCount('close')
  const both = {
    request: { socket } as unknown as IncomingMessage,
    reply: reply as unknown as ServerResponse,
  }
  return { socket, reply, both, listeners }
}

test('a reply is gone when it is closed', () => {
  const { reply, both, listeners } = exchange(false)
  let calls = 0
  onceGone(both, () => calls++)
  reply.emit('close')
  assert.deepEqual([calls, listeners()], [1, 0])
})

test('a reply that waits for others is gone with its connection, and once', () => {
  const { socket, reply, both, listeners } = exchange(true)
  let calls = 0
  onceGone(both, () => calls++)
  socket.emit('close')
  reply.emit('close')
  assert.deepEqual([calls, listeners()], [1, 0])
})

test('nothing is called when it does not matter any more', () => {
  const { socket, reply, both, listeners } = exchange(true)
  const forget = onceGone(both, () => assert.fail('called'))
  forget()
  socket.emit('close')
  reply.emit('close')
  assert.equal(listeners(), 0)
})
