// SPDX-License-Identifier: MIT
// Peer discovery in virtual time: what is sent when, what is answered, reported and dropped.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Family, SocketAddress } from '../../../src/core/id/socket-address.ts'
import { DiscoveryEngine } from '../../../src/discovery/discovery-engine.ts'
import { packMsgpackValue, unpackMsgpackValue } from '../../../src/discovery/msgpack-value.ts'
import { encodeAnnouncement, QUERY_PACKET } from '../../../src/discovery/packets.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

const BOTH: readonly Family[] = [4, 6]
const NEIGHBOUR = SocketAddress.parse('10.0.0.2', 8888)!
const NEIGHBOUR_6 = SocketAddress.parse('fd00::2', 8888)!

/** An engine with a clock that runs as fast as the test wants. */
class Bench {
  readonly engine: DiscoveryEngine
  now = 5000

  constructor(families: readonly Family[] = [4]) {
    this.engine = new DiscoveryEngine(families, 8888, new SeededRandom(7))
  }

  publish(name: string, value: string | number, families: readonly Family[] = [4]): void {
    this.engine.publish(name, packMsgpackValue(value), families, this.now)
  }

  subscribe(name: string): void {
    this.engine.subscribe(name, this.now)
  }

  receive(bytes: Uint8Array, address = NEIGHBOUR, isLocal = false): void {
    this.engine.receive(bytes, { address, isLocal }, this.now)
  }

  /** Lets time pass; the packets that are sent, as seconds from the beginning and content. */
  run(seconds: number): string[] {
    const end = this.now + 1000 * seconds
    const sent = this.#take()
    for (let at = this.engine.nextWakeup(); at !== undefined && at <= end; ) {
      this.now = Math.max(at, this.now)
      this.engine.advance(this.now)
      sent.push(...this.#take())
      at = this.engine.nextWakeup()
    }
    this.now = end
    return sent
  }

  found(): string[] {
    return this.engine.takeFound().map(({ name, payload, from }) => {
      return `${name} ${JSON.stringify(unpackMsgpackValue(payload))} ${from.host}`
    })
  }

  #take(): string[] {
    return this.engine.takeSends().map(({ family, bytes, to }) => {
      const kind = bytes === QUERY_PACKET ? 'query' : 'announcement'
      const at = Math.round((this.now - 5000) / 1000)
      return `${at}: ${kind} ${to ?? family}`
    })
  }
}

function announcement(services: Record<string, string | number>): Uint8Array {
  const packed = Object.entries(services).map(([name, value]) => {
    return [name, packMsgpackValue(value)] as const
  })
  return encodeAnnouncement(new Map(packed))
}

describe('sending', () => {
  test('nothing is sent that nobody asked for', () => {
    const bench = new Bench(BOTH)
    bench.engine.restart(bench.now)
    assert.deepEqual(bench.run(1000), [])
    assert.equal(bench.engine.nextWakeup(), undefined)
  })

  test('a service is announced four times within a good minute, and then no more', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    const times = bench.run(1000).map((line) => Number(line.split(':')[0]))
    assert.equal(times.length, 4)
    for (const [i, expected] of [0, 10, 30, 70].entries()) {
      assert.ok(times[i]! >= expected && times[i]! <= 1.1 * expected, `${times}`)
    }
  })

  test('queries go to the groups of both families', () => {
    const bench = new Bench(BOTH)
    bench.subscribe('lamp')
    assert.deepEqual(bench.run(1), ['0: query 4', '0: query 6'])
    assert.equal(bench.engine.counters.queriesSent, 2)
  })

  test('a service of one family is announced there only', () => {
    const bench = new Bench(BOTH)
    bench.publish('lamp', 1, [6])
    assert.deepEqual(bench.run(1), ['0: announcement 6'])
  })

  test('services that are published together share an announcement', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.publish('door', 2)
    bench.engine.advance(bench.now)
    const [send, ...more] = bench.engine.takeSends()
    assert.deepEqual(send?.bytes, announcement({ lamp: 1, door: 2 }))
    assert.deepEqual(more, [])
  })

  test('many changes make one announcement a second', () => {
    const bench = new Bench()
    let sent = 0
    for (let i = 0; i < 500; i++) {
      bench.publish('lamp', i)
      sent += bench.run(0.01).length
    }
    assert.ok(sent >= 5 && sent <= 6, `${sent} in five seconds`)
  })

  test('what is withdrawn is announced no more', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.run(1)
    bench.engine.unpublish('lamp', BOTH)
    assert.deepEqual(bench.run(1000), [])
    bench.receive(QUERY_PACKET)
    assert.deepEqual(bench.run(1), [])
  })

  test('a change of the network starts a round of both kinds', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.subscribe('door')
    bench.run(300)
    bench.engine.restart(bench.now)
    assert.equal(bench.run(300).length, 8)
  })

  test('services that do not fit in a datagram are refused, and nothing changes', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    const large = packMsgpackValue('x'.repeat(65_500))
    assert.throws(
      () => bench.engine.publish('large', large, [4], bench.now),
      /^RangeError: Cannot publish service "large" as all services must fit in 65507 bytes/,
    )
    bench.engine.advance(bench.now)
    assert.deepEqual(bench.engine.takeSends()[0]?.bytes, announcement({ lamp: 1 }))
  })
})

describe('answering', () => {
  test('whoever asks is answered at its address', () => {
    const bench = new Bench(BOTH)
    bench.publish('lamp', 1, BOTH)
    bench.run(300)
    bench.receive(QUERY_PACKET)
    bench.receive(QUERY_PACKET, NEIGHBOUR_6)
    assert.deepEqual(bench.run(300), [
      '300: announcement 10.0.0.2:8888',
      '300: announcement [fd00::2]:8888',
    ])
  })

  test('without a service nobody is answered', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    bench.run(300)
    bench.receive(QUERY_PACKET)
    assert.deepEqual(bench.run(10), [])
    assert.equal(bench.engine.counters.queries, 1)
  })

  test('a process that shares the port is answered through the group, once a second', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.run(300)
    for (let i = 0; i < 20; i++) bench.receive(QUERY_PACKET, NEIGHBOUR, true)
    assert.deepEqual(bench.run(300), ['300: announcement 4'])
  })

  test('other processes of this host are answered each at its own port', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.run(300)
    for (let i = 1; i <= 100; i++) bench.receive(QUERY_PACKET, NEIGHBOUR.withPort(40_000 + i), true)
    assert.equal(bench.run(300).length, 100)
    for (let i = 1; i <= 100; i++) bench.receive(QUERY_PACKET, NEIGHBOUR.withPort(40_000 + i))
    assert.equal(bench.run(300).length, 8, 'a neighbour has one allowance for all of them')
  })

  test('who asks all the time is answered now and then', () => {
    const bench = new Bench()
    bench.publish('lamp', 1)
    bench.run(300)
    let answers = 0
    for (let i = 0; i < 1000; i++) {
      bench.receive(QUERY_PACKET)
      answers += bench.run(0.02).length
    }
    const { unanswered, rateLimited } = bench.engine.counters.dropped
    assert.ok(answers >= 20 && answers <= 30, `${answers} answers in 20 s`)
    assert.equal(answers + unanswered + rateLimited, 1000)
  })
})

describe('finding', () => {
  test('services that are looked for are reported, others are not', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    bench.receive(announcement({ door: 1, lamp: 'on' }))
    assert.deepEqual(bench.found(), ['lamp "on" 10.0.0.2'])
    bench.engine.unsubscribe('lamp')
    bench.receive(announcement({ lamp: 'off' }))
    assert.deepEqual(bench.found(), [])
  })

  test('the same words of the same host are reported once in a while', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    const packet = announcement({ lamp: 'on' })
    for (const port of [8888, 40_000]) bench.receive(packet, NEIGHBOUR.withPort(port))
    assert.equal(bench.found().length, 1)
    assert.equal(bench.engine.counters.dropped.repeated, 1)
    bench.receive(packet, SocketAddress.parse('10.0.0.3', 8888))
    bench.receive(announcement({ lamp: 'off' }))
    assert.deepEqual(bench.found(), ['lamp "on" 10.0.0.3', 'lamp "off" 10.0.0.2'])
    bench.run(5)
    bench.receive(packet)
    assert.deepEqual(bench.found(), ['lamp "on" 10.0.0.2'])
  })

  test('a new search hears everything again', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    bench.receive(announcement({ lamp: 'on' }))
    bench.subscribe('lamp')
    bench.receive(announcement({ lamp: 'on' }))
    assert.equal(bench.found().length, 2)
  })

  test('what is reported outlives the datagram', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    const packet = announcement({ lamp: 'on' })
    bench.receive(packet)
    packet.fill(0)
    assert.deepEqual(bench.found(), ['lamp "on" 10.0.0.2'])
  })
})

describe('hostile neighbours', () => {
  test('what is no packet is counted', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    const truncated = announcement({ lamp: 'on' }).slice(0, -1)
    const damaged = [
      [],
      [0xa1, 0x72],
      [0xa2, 0x71, 0x71],
      [0x93],
      [0xc1],
      [0xdf, 255, 255, 255, 255],
    ]
    for (const bytes of [...damaged, [...truncated]]) bench.receive(Uint8Array.from(bytes))
    assert.equal(bench.engine.counters.dropped.malformed, 7)
    assert.deepEqual(bench.found(), [])
  })

  test('a flood of one host does not drown the others', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    for (let i = 0; i < 5000; i++) bench.receive(announcement({ lamp: i }))
    assert.ok(bench.found().length <= 64)
    bench.receive(announcement({ lamp: 'on' }), SocketAddress.parse('10.0.0.3', 8888))
    assert.deepEqual(bench.found(), ['lamp "on" 10.0.0.3'])
    bench.run(1)
    bench.receive(announcement({ lamp: 'back' }))
    assert.deepEqual(bench.found(), ['lamp "back" 10.0.0.2'], 'after a pause it is heard again')
  })

  test('large datagrams count for more', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    const large = announcement({ lamp: 'x'.repeat(60_000) })
    for (let i = 0; i < 10; i++) bench.receive(large)
    assert.equal(bench.engine.counters.dropped.rateLimited, 9)
  })

  test('many forged hosts are heard only so often', () => {
    const bench = new Bench()
    bench.subscribe('lamp')
    for (let i = 0; i < 10_000; i++) {
      bench.receive(announcement({ lamp: 1 }), SocketAddress.v4(0x0a000000 + i, 8888))
    }
    assert.equal(bench.found().length, 2048)
  })
})
