// SPDX-License-Identifier: MIT
// How many large puts are under way at a time, on lines that carry them and on lines that do not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { QuietHandler, Request } from '../../../../src/core/net/request.ts'
import { SendWindow } from '../../../../src/core/net/send-window.ts'
import { Kind } from '../../../../src/core/wire/message.ts'

const BYTES = 60_000

function request(tid: number): Request {
  const address = SocketAddress.v4(0x0a000000 + tid, 4222)
  const handler = new QuietHandler()
  const outgoing = { kind: Kind.Put, node: undefined, address, handler, encode: () => {} }
  return new Request(tid, outgoing, () => {}, 0)
}

/** Sends it at `now`, if it may leave. */
function send(window: SendWindow, sent: Request, now: number): boolean {
  if (!window.enter(sent, BYTES)) return false
  sent.attempts++
  sent.repeatedAt = now
  return true
}

/** A window in which all of eight puts were lost; those that may go again have left it. */
function overrun(): { window: SendWindow; requests: Request[] } {
  const window = new SendWindow()
  const requests = Array.from({ length: 8 }, (_, i) => request(i + 1))
  for (const one of requests) assert.equal(send(window, one, 0), true)
  for (const [i, one] of requests.entries()) {
    assert.equal(window.onLate(one, 100 + i), true, 'no node is to blame')
    if (i < 3) send(window, one, 100 + i)
    else assert.equal(send(window, one, 100 + i), false)
  }
  for (const one of requests.slice(0, 3)) {
    assert.equal(window.onLate(one, 300), true)
    assert.equal(send(window, one, 300), false)
  }
  return { window, requests }
}

test('eight values leave at once as long as nothing is lost', () => {
  const window = new SendWindow()
  for (let tid = 1; tid <= 8; tid++) assert.equal(send(window, request(tid), 0), true)
})

test('after an overrun they leave one after the other, each with the time that it takes', () => {
  const { window, requests } = overrun()
  const next = window.next()!
  assert.equal(next, requests[3], 'first come, first served')
  assert.equal(window.next(), undefined)
  assert(window.transferMs(next) >= 600, `${window.transferMs(next)} ms`)
  next.repeatedAt = 300
  const patienceMs = window.transferMs(next)
  assert.equal(window.onLate(next, 1000), true)
  const second = window.next()!
  assert.equal(window.transferMs(second) > patienceMs, true)
})

test('two answers in a row tell what the line carries, though both were sent before', () => {
  const { window } = overrun()
  let now = 300
  const next = (): Request => {
    const one = window.next()!
    one.attempts = 2
    one.repeatedAt = now
    return one
  }
  // The junk in the queue of the line makes it seem to be slower and slower.
  for (let i = 0; i < 3; i++) {
    const lost = next()
    now += window.transferMs(lost)
    assert.equal(window.onLate(lost, now), true)
  }
  for (let i = 0; i < 2; i++) {
    const one = next()
    assert(window.transferMs(one) >= 4800, `${window.transferMs(one)} ms`)
    now += 600
    window.onAnswer(one, now)
  }
  assert.equal(window.transferMs(next()), 900)
})

test('answers to several that were sent again together do not tell what the line carries', () => {
  const { window } = overrun()
  const first = window.next()!
  first.attempts = 2
  first.repeatedAt = 300
  const before = window.transferMs(first)
  const small = [20, 21].map((tid) => request(tid))
  window.forget(first)
  const next = window.next()!
  window.forget(next)
  for (const one of small) window.enter(one, 20_000)
  for (let one = window.next(); one !== undefined; one = window.next()) {
    if (!small.includes(one)) window.forget(one)
    one.attempts = 2
    one.repeatedAt = 1000
  }
  window.onAnswer(small[0]!, 1010)
  window.onAnswer(small[1]!, 1012)
  const last = request(30)
  assert.equal(window.enter(last, BYTES), true)
  assert.equal(window.transferMs(last), before)
})

test('quick answers open it again', () => {
  const { window } = overrun()
  let now = 300
  let most = 0
  for (let round = 0; round < 4; round++) {
    const sent: Request[] = []
    for (let next = window.next(); next !== undefined; next = window.next()) {
      next.attempts = 1
      next.repeatedAt = now
      sent.push(next)
    }
    most = Math.max(most, sent.length)
    now += 50
    for (const one of sent) window.onAnswer(one, now)
  }
  assert(most >= 3, `${most} at a time`)
})

test('one that is lost while others arrive is the fault of its node', () => {
  const window = new SendWindow()
  const requests = Array.from({ length: 8 }, (_, i) => request(i + 1))
  for (const one of requests) send(window, one, 0)
  for (const one of requests.slice(1)) window.onAnswer(one, 100)
  assert.equal(window.onLate(requests[0]!, 200), false)
})

test('requests that are over do not hold up others', () => {
  const { window, requests } = overrun()
  for (const one of requests.slice(3, 7)) one.isPending = false
  const next = window.next()
  assert.equal(next, requests[7])
  window.forget(next!)
  assert.equal(window.next(), requests[0])
})
