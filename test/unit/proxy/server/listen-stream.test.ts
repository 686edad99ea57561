// SPDX-License-Identifier: MIT
// One listen stream over a hub and a reply that are scripted: marks, beats, and clients that are
// behind.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import type { RouteContext } from '../../../../src/proxy/server/route.ts'
import { type KeyHub, KeyState } from '../../../../src/proxy/server/streams/key-hub.ts'
import { ListenStream } from '../../../../src/proxy/server/streams/listen-stream.ts'
import { streamRequest } from '../../../../src/proxy/server/streams/stream-form.ts'
import { text } from '../../../support/dht-kit.ts'

const EPOCH = '0123456789ab'

class ScriptedHub {
  readonly epoch = EPOCH
  states: KeyState[] = []
  forgottenSeq = 0
  isSettled = false

  get seq(): number {
    return this.states.at(-1)?.seq ?? 0
  }

  settle(): void {}

  knowsSince(seq: number, forgotten = 0): boolean {
    return this.forgottenSeq <= Math.max(seq, forgotten) && seq <= this.seq
  }

  since(seq: number): KeyState[] {
    return this.states.filter((state) => state.seq > seq)
  }

  add(id: bigint): void {
    const seq = this.seq + 1
    this.states.push(new KeyState(text(`v${id}`, id), false, seq, seq))
  }
}

/** A stream whose reply takes `room` writes at a time. */
function open(hub: ScriptedHub, search: string, room = Number.POSITIVE_INFINITY) {
  const socket = Object.assign(new EventEmitter(), {
    isDestroyed: false,
    isEnded: false,
    destroy: () => {},
    end: () => {},
  })
  socket.end = () => {
    socket.isEnded = true
  }
  socket.destroy = () => {
    socket.isDestroyed = true
  }
  const written: string[] = []
  const reply = Object.assign(new EventEmitter(), {
    socket,
    left: room,
    writeHead: () => {},
    flushHeaders: () => {},
    write: (line: string) => {
      written.push(line)
      return --reply.left > 0
    },
  })
  const request = { headers: {}, socket } as unknown as IncomingMessage
  const counters = { lines: 0, refused: { stalled: 0 } }
  const services = { counters, limits: { stallTimeoutMs: 1 << 30 }, readiness: { status: 'ready' } }
  const context = { request, reply, services } as unknown as RouteContext
  const wanted = streamRequest(request, search)
  const stream = new ListenStream(context, hub as unknown as KeyHub, wanted)
  const names = (): string[] =>
    written.map((line) => {
      const { id, reset, sync } = JSON.parse(line)
      return id ?? (reset ? 'reset' : sync ? 'sync' : 'beat')
    })
  const drain = (): void => {
    reply.left = room
    reply.emit('drain')
  }
  return { stream, reply, socket, counters, names, drain }
}

test('a resumable stream syncs once, when it is up to date and the hub is settled', () => {
  const hub = new ScriptedHub()
  hub.add(1n)
  const { stream, names } = open(hub, 'resume')
  stream.wake()
  assert.deepEqual(names(), ['reset', '1'])
  hub.isSettled = true
  stream.wake()
  stream.wake()
  hub.add(2n)
  stream.wake()
  assert.deepEqual(names(), ['reset', '1', 'sync', '2'])
})

suite('a beat', () => {
  test('is sent after a quiet time, and only to who understands it', () => {
    const hub = new ScriptedHub()
    const resumable = open(hub, 'resume')
    resumable.stream.beat()
    assert.deepEqual(resumable.names(), ['reset'], 'something was written lately')
    resumable.stream.beat()
    assert.deepEqual(resumable.names(), ['reset', 'beat'])
    const plain = open(hub, '')
    for (let i = 0; i < 3; i++) plain.stream.beat()
    assert.deepEqual(plain.names(), [])
  })

  test('waits for a client that does not read', () => {
    const { stream, names, reply } = open(new ScriptedHub(), 'resume', 1)
    stream.beat()
    stream.beat()
    assert.deepEqual(names(), ['reset'])
    reply.emit('close')
  })
})

suite('a stream that the server ends', () => {
  test('writes nothing any more, which would tear the connection', () => {
    const hub = new ScriptedHub()
    const { stream, names, reply, socket } = open(hub, '')
    stream.end()
    assert.ok(socket.isEnded)
    hub.add(1n)
    stream.wake()
    assert.deepEqual(names(), [])
    reply.emit('close')
  })

  test('is gone after a while, though the client keeps its end open', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { stream, socket } = open(new ScriptedHub(), '')
    stream.end()
    t.mock.timers.tick(4999)
    assert.ok(!socket.isDestroyed)
    t.mock.timers.tick(1)
    assert.ok(socket.isDestroyed)
  })
})

suite('a client that is behind', () => {
  test('gets one line at a time, and goes on where it was', () => {
    const hub = new ScriptedHub()
    for (let id = 1n; id <= 3n; id++) hub.add(id)
    const { stream, names, drain, reply } = open(hub, '', 1)
    stream.wake()
    stream.wake()
    assert.deepEqual(names(), ['1'])
    drain()
    assert.deepEqual(names(), ['1', '2'])
    drain()
    drain()
    assert.deepEqual(names(), ['1', '2', '3'])
    reply.emit('close')
  })

  test('begins without what was forgotten before', () => {
    const hub = new ScriptedHub()
    for (let id = 1n; id <= 5n; id++) hub.add(id)
    hub.forgottenSeq = 4
    hub.isSettled = true
    for (const [search, expected] of [
      ['', ['1', '2', '3', '4', '5']],
      ['resume', ['reset', '1', '2', '3', '4', '5', 'sync']],
    ] as const) {
      const { stream, names } = open(hub, search)
      stream.wake()
      assert.deepEqual(names(), expected)
    }
  })

  test('begins anew when what is gone was forgotten', () => {
    const hub = new ScriptedHub()
    for (let id = 1n; id <= 5n; id++) hub.add(id)
    hub.isSettled = true
    const { stream, names, drain, reply } = open(hub, `resume=${EPOCH}-1`, 1)
    stream.wake()
    hub.forgottenSeq = 4
    hub.states = hub.states.slice(4)
    for (let i = 0; i < 4; i++) drain()
    assert.deepEqual(names(), ['2', 'reset', '5', 'sync'])
    reply.emit('close')
  })

  test('is cut off then if it knows no resets', () => {
    const hub = new ScriptedHub()
    for (let id = 1n; id <= 5n; id++) hub.add(id)
    const { stream, names, drain, socket, counters, reply } = open(hub, '', 1)
    stream.wake()
    hub.forgottenSeq = 4
    drain()
    assert.deepEqual(names(), ['1'])
    assert.ok(socket.isDestroyed)
    assert.equal(counters.refused.stalled, 1)
    reply.emit('close')
  })
})
