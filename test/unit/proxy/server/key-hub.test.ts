// SPDX-License-Identifier: MIT
// What a proxy server knows of the values of a key, and tells streams that are at different places.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { DhtInterface } from '../../../../src/api/dht-interface.ts'
import type { ValueEvent } from '../../../../src/api/value-queue.ts'
import { DhtError } from '../../../../src/core/errors.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import type { Value } from '../../../../src/core/value/value.ts'
import { KeyHub } from '../../../../src/proxy/server/streams/key-hub.ts'
import { KeyHubs, type ServedReader } from '../../../../src/proxy/server/streams/key-hubs.ts'
import { text } from '../../../support/dht-kit.ts'

const KEY = InfoHash.get('key')

/** A node whose listens say what the test says. */
class ScriptedNode {
  listens = 0
  /** What a get finds; undefined while no node answers. */
  found: Value[] | undefined = []
  readonly #queues = new Set<{ events: ValueEvent[]; wake(): void }>()
  #failure: Error | undefined

  async *listen(_key: unknown, { signal }: { signal: AbortSignal }): AsyncGenerator<ValueEvent> {
    const queue = { events: [] as ValueEvent[], wake: () => {} }
    this.#queues.add(queue)
    this.listens++
    try {
      for (;;) {
        if (signal.aborted) return
        if (this.#failure !== undefined) throw this.#failure
        yield* queue.events.splice(0)
        await new Promise<void>((resolve) => {
          queue.wake = resolve
          signal.addEventListener('abort', () => resolve())
          if (signal.aborted) resolve()
        })
      }
    } finally {
      this.listens--
      this.#queues.delete(queue)
    }
  }

  async *get(): AsyncGenerator<Value> {
    if (this.found === undefined) throw new DhtError('ERR_DHT_NO_NODES', 'nobody')
    yield* this.found
  }

  async say(...events: [id: bigint, content: string, expired?: boolean][]): Promise<void> {
    for (const [id, content, expired = false] of events) {
      for (const queue of this.#queues) {
        queue.events.push({ value: text(content, id), expired })
        queue.wake()
      }
    }
    await turn()
  }

  async fail(error: Error): Promise<void> {
    this.#failure = error
    for (const { wake } of this.#queues) wake()
    await turn()
  }

  get asDht(): DhtInterface {
    return this as unknown as DhtInterface
  }
}

class Reader implements ServedReader {
  readonly isResumable: boolean
  wakes = 0
  ends = 0
  beats = 0

  constructor(isResumable = false) {
    this.isResumable = isResumable
  }

  wake(): void {
    this.wakes++
  }

  end(): void {
    this.ends++
  }

  beat(): void {
    this.beats++
  }
}

async function hubOf(node: ScriptedNode): Promise<KeyHub> {
  const hub = new KeyHub(node.asDht, KEY)
  hub.start(() => {})
  await turn()
  return hub
}

function namesSince(hub: KeyHub, seq: number): string[] {
  return [...hub.since(seq)].map(
    ({ value, isGone }) => `${isGone ? '-' : '+'}${new TextDecoder().decode(value.data)}`,
  )
}

suite('a hub', () => {
  test('tells the last state of each value, in the order of the changes', async () => {
    const node = new ScriptedNode()
    const hub = await hubOf(node)
    await node.say([1n, 'a'], [2n, 'b'], [3n, 'c'], [1n, 'a2'])
    assert.deepEqual(namesSince(hub, 0), ['+b', '+c', '+a2'])
    assert.deepEqual(namesSince(hub, 2), ['+c', '+a2'])
    assert.deepEqual(namesSince(hub, 3), ['+a2'])
    assert.deepEqual(namesSince(hub, 4), [])
    assert.equal(hub.seq, 4)
    hub.stop()
  })

  test('tells of the end of values only those who may know them', async () => {
    const node = new ScriptedNode()
    const hub = await hubOf(node)
    await node.say([1n, 'a'], [2n, 'b'], [1n, 'a', true])
    assert.deepEqual(namesSince(hub, 0), ['+b'])
    assert.deepEqual(namesSince(hub, 1), ['+b', '-a'])
    assert.deepEqual(namesSince(hub, 2), ['-a'])
    await node.say([1n, 'a again'])
    assert.deepEqual(namesSince(hub, 0), ['+b', '+a again'])
    await node.say([1n, 'a again', true])
    assert.deepEqual(namesSince(hub, 1), ['+b', '-a again'])
    hub.stop()
  })

  test('forgets values that are gone for long, and says so', async () => {
    const node = new ScriptedNode()
    const hub = await hubOf(node)
    await node.say([1n, 'stays'])
    for (let i = 2n; i < 1100n; i++) await node.say([i, 'goes'], [i, 'goes', true])
    assert.ok(!hub.knowsSince(1))
    assert.ok(hub.knowsSince(hub.seq))
    assert.ok(!hub.knowsSince(hub.seq + 1))
    assert.deepEqual(namesSince(hub, 0), ['+stays'])
    assert.ok(hub.knowsSince(0, hub.forgottenSeq), 'for who begins now')
    hub.stop()
  })

  test('is settled when the listen heard of all that a get finds', async () => {
    const node = new ScriptedNode()
    node.found = [text('late', 5n)]
    const hub = await hubOf(node)
    const reader = new Reader()
    hub.join(reader)
    hub.settle()
    await turn()
    assert.ok(!hub.isSettled)
    await node.say([5n, 'late'])
    const wakes = reader.wakes
    while (!hub.isSettled) await turn()
    assert.equal(reader.wakes, wakes + 1)
    hub.stop()
  })

  test('is not settled while no node answers, and ends nevertheless', async () => {
    const node = new ScriptedNode()
    node.found = undefined
    const hub = await hubOf(node)
    hub.settle()
    await turn()
    assert.ok(!hub.isSettled)
    hub.stop()
    await turn()
    assert.equal(node.listens, 0)
  })
})

suite('the hubs of a server', () => {
  test('share a listen, and end it with the last stream', async () => {
    const node = new ScriptedNode()
    const hubs = new KeyHubs(node.asDht, undefined)
    const readers = [new Reader(), new Reader()]
    const seen: KeyHub[] = []
    for (const reader of readers) {
      hubs.open(KEY, (hub) => {
        seen.push(hub)
        return reader
      })
    }
    await turn()
    assert.equal(seen[0], seen[1])
    assert.deepEqual([hubs.size, node.listens], [1, 1])
    hubs.close(seen[0]!, readers[0]!)
    assert.equal(hubs.size, 1)
    hubs.close(seen[0]!, readers[1]!)
    await turn()
    assert.deepEqual([hubs.size, node.listens], [0, 0])
    hubs.stopAll()
  })

  test('keep a hub whose stream may come back, but not too many', async () => {
    const node = new ScriptedNode()
    const hubs = new KeyHubs(node.asDht, undefined)
    for (let i = 0; i < 1010; i++) {
      const reader = new Reader(true)
      let opened: KeyHub | undefined
      await hubs.open(InfoHash.get(`${i}`), (hub) => {
        opened = hub
        return reader
      })
      hubs.close(opened!, reader)
    }
    await turn()
    assert.equal(hubs.size, 1000)
    await hubs.open(InfoHash.get('1009'), () => new Reader())
    assert.equal(hubs.size, 1000)
    hubs.stopAll()
    await turn()
    assert.equal(node.listens, 0)
  })

  test('begin no stream for a client that left meanwhile, and keep no listen for it', async () => {
    const node = new ScriptedNode()
    const hubs = new KeyHubs(node.asDht, undefined)
    await hubs.open(KEY, () => undefined)
    await turn()
    assert.deepEqual([hubs.size, node.listens], [0, 0])
    hubs.stopAll()
  })

  test('end all streams of a key whose listen fails', async () => {
    const node = new ScriptedNode()
    const lines: string[] = []
    const log = { enabled: () => true, write: (_: string, line: string) => void lines.push(line) }
    const hubs = new KeyHubs(node.asDht, log)
    const reader = new Reader()
    hubs.open(KEY, () => reader)
    await turn()
    await node.fail(new DhtError('ERR_DHT_LIMIT', 'too many'))
    assert.equal(reader.ends, 1)
    assert.equal(hubs.size, 0)
    assert.match(lines.join(), /listen to .* ended: .*too many/)
    hubs.stopAll()
  })
})
