// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Kind, MAX_CALLS, PROTOCOL_VERSION, Reply } from '../../../src/bridge/protocol.ts'
import { type Method, Session } from '../../../src/bridge/session.ts'
import { DhtError } from '../../../src/core/errors.ts'
import {
  type MsgpackValue,
  packMsgpackValue,
  unpackMsgpackValue,
} from '../../../src/discovery/msgpack-value.ts'

const CREDIT = 3

/** A session, what it sent so far, and how to tell it something. */
function open(methods: Record<string, Method>, hello: MsgpackValue = PROTOCOL_VERSION) {
  const sent: MsgpackValue[] = []
  const session = new Session({
    methods,
    version: 'v0',
    send: (contents) => sent.push(unpackMsgpackValue(contents)),
  })
  const say = (...message: MsgpackValue[]): void => session.receive(packMsgpackValue(message))
  const greet = (): void => say(Kind.Hello, hello, CREDIT)
  return { session, sent, say, greet }
}

const numbers: Method = async ([count], { emit }) => {
  for (let i = 0; i < Number(count); i++) await emit(i)
  return 'end'
}

test('both sides say hello before anything else', () => {
  const { sent, say, greet } = open({})
  assert.throws(() => say(Kind.Call, 1, 'x', []), /first message/)
  greet()
  assert.deepEqual(sent, [[Reply.Hello, PROTOCOL_VERSION, 'v0', MAX_CALLS]])
})

test('another version of the protocol is refused after it is told ours', () => {
  const { sent, greet } = open({}, PROTOCOL_VERSION + 1)
  assert.throws(greet, /Unknown protocol/)
  assert.equal(sent.length, 1)
})

test('calls run side by side and are answered by their numbers', async () => {
  let finish = (): void => {}
  const slow = (): Promise<string> =>
    new Promise((resolve) => {
      finish = () => resolve('slow')
    })
  const { sent, say, greet } = open({ slow, fast: ([text]) => text! })
  greet()
  say(Kind.Call, 1, 'slow', [])
  say(Kind.Call, 2, 'fast', ['quick'])
  await nextTurn()
  finish()
  await nextTurn()
  assert.deepEqual(sent.slice(1), [
    [Reply.Result, 2, 'quick'],
    [Reply.Result, 1, 'slow'],
  ])
})

test('failures carry a code and a text', async () => {
  const failures: Record<string, Error> = {
    dht: new DhtError('ERR_DHT_BIND', 'taken'),
    range: new RangeError('too large'),
    type: new TypeError('not that'),
    system: Object.assign(new Error('no such file'), { syscall: 'open' }),
  }
  const fail: Method = ([name]) => {
    throw failures[String(name)]
  }
  const { sent, say, greet } = open({ fail })
  greet()
  for (const [i, name] of Object.keys(failures).entries()) say(Kind.Call, i, 'fail', [name])
  say(Kind.Call, 9, 'toString', [])
  await nextTurn()
  assert.deepEqual(sent.slice(1), [
    [Reply.Failure, 0, 'ERR_DHT_BIND', 'taken'],
    [Reply.Failure, 1, 'ERR_RANGE', 'too large'],
    [Reply.Failure, 2, 'ERR_TYPE', 'not that'],
    [Reply.Failure, 3, 'ERR_SYSTEM', 'no such file'],
    [Reply.Failure, 9, 'ERR_TYPE', 'Unknown method: toString'],
  ])
})

test('a stream sends what there is credit for, then waits', async () => {
  const { sent, say, greet } = open({ numbers })
  greet()
  say(Kind.Call, 1, 'numbers', [7])
  const items = (): MsgpackValue[] =>
    sent.slice(1).flatMap((message) => {
      const [kind, , list] = message as [number, number, MsgpackValue[]]
      return kind === Reply.Items ? list : []
    })
  await nextTurn()
  await nextTurn()
  assert.deepEqual(items(), [0, 1, 2])
  say(Kind.Credit, 1, 1)
  await nextTurn()
  await nextTurn()
  assert.deepEqual(items(), [0, 1, 2, 3])
  say(Kind.Credit, 1, 10)
  await nextTurn()
  await nextTurn()
  assert.deepEqual(items(), [0, 1, 2, 3, 4, 5, 6])
  assert.deepEqual(sent.at(-1), [Reply.Result, 1, 'end'])
})

test('items of one turn travel together', async () => {
  const { sent, say, greet } = open({ numbers })
  greet()
  say(Kind.Call, 1, 'numbers', [2])
  await nextTurn()
  assert.deepEqual(sent.slice(1), [
    [Reply.Items, 1, [0, 1]],
    [Reply.Result, 1, 'end'],
  ])
})

test('a cancelled call fails, also one that waits for credit', async () => {
  const { sent, say, greet } = open({ numbers })
  greet()
  say(Kind.Call, 1, 'numbers', [100])
  await nextTurn()
  say(Kind.Cancel, 1)
  await nextTurn()
  assert.equal((sent.at(-1) as MsgpackValue[])[2], 'ERR_ABORTED')
  const before = sent.length
  say(Kind.Cancel, 1)
  say(Kind.Credit, 1, 5)
  await nextTurn()
  assert.equal(sent.length, before)
})

test('nothing is sent after the end', async () => {
  const signals: AbortSignal[] = []
  const wait: Method = (_, { signal }) => {
    signals.push(signal)
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
  const { session, sent, say, greet } = open({ wait })
  greet()
  say(Kind.Call, 1, 'wait', [])
  session.close()
  await nextTurn()
  assert.equal(signals[0]?.aborted, true)
  assert.equal(sent.length, 1)
})
