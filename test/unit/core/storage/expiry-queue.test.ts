// SPDX-License-Identifier: MIT
// Values end in the order of their times, each in its millisecond, whatever happens in between.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExpiryQueue } from '../../../../src/core/storage/expiry-queue.ts'
import { NO_ROW, ValueRows } from '../../../../src/core/storage/value-rows.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

class Kit {
  readonly rows = new ValueRows()
  readonly wheel = new TimerWheel(0)
  /** Rows that expired, with the time. */
  readonly ended: (readonly [number, number])[] = []
  readonly queue = this.newQueue()
  now = 0

  newQueue(): ExpiryQueue {
    const queue: ExpiryQueue = new ExpiryQueue({
      rows: this.rows,
      wheel: this.wheel,
      expire: (row, now) => {
        queue.remove(row)
        this.ended.push([row, now])
      },
    })
    return queue
  }

  add(at: number, queue = this.queue): number {
    const row = this.rows.add()
    this.rows.setExpiresAt(row, at)
    queue.add(row)
    return row
  }

  move(row: number, at: number): void {
    this.rows.setExpiresAt(row, at)
    this.queue.moved(row)
  }

  advance(to: number): void {
    this.now = to
    this.wheel.advance(to)
  }
}

describe('a queue of values that expire', () => {
  it('ends each in its millisecond, and holds no place in the wheel when it is empty', () => {
    const kit = new Kit()
    const [late, early] = [kit.add(700), kit.add(500)]
    kit.advance(499)
    assert.deepEqual(kit.ended, [])
    assert.equal(kit.queue.first, early)
    kit.advance(500)
    kit.advance(699)
    kit.advance(700)
    assert.deepEqual(kit.ended, [
      [early, 500],
      [late, 700],
    ])
    assert.equal(kit.queue.first, NO_ROW)
    assert.equal(kit.wheel.size, 0)
  })

  it('takes one place in the wheel, however many there are', () => {
    const kit = new Kit()
    for (let i = 1; i <= 1000; i++) kit.add(10_000 - i)
    assert.equal(kit.wheel.size, 1)
    assert.equal(kit.queue.size, 1000)
  })

  it('spreads a heap of values that end together over a few milliseconds', () => {
    const kit = new Kit()
    for (let i = 0; i < 1200; i++) kit.add(10)
    kit.advance(10)
    assert.equal(kit.ended.length, 512)
    kit.advance(11)
    kit.advance(12)
    assert.equal(kit.ended.length, 1200)
  })

  it('keeps time across queues when several times come at once', () => {
    const kit = new Kit()
    const other = kit.newQueue()
    const rows = [kit.add(5), kit.add(6, other), kit.add(7), kit.add(8, other)]
    kit.advance(20)
    assert.deepEqual(
      kit.ended.map(([row]) => row),
      rows,
    )
  })

  it('lets the first go or live longer without ending anything too early', () => {
    const kit = new Kit()
    const [a, b, c] = [kit.add(10), kit.add(20), kit.add(30)]
    kit.queue.remove(a)
    kit.move(b, 40)
    kit.advance(25)
    assert.deepEqual(kit.ended, [])
    kit.advance(30)
    kit.advance(40)
    assert.deepEqual(kit.ended, [
      [c, 30],
      [b, 40],
    ])
  })

  it('does what a sorted list would', () => {
    for (const seed of [1, 2, 3]) {
      const kit = new Kit()
      const random = new PlainRandom(seed)
      const model = new Map<number, number>()
      const later = (): number => kit.now + 1 + (random.uint32() % 400)
      for (let i = 0; i < 3000; i++) {
        const known = [...model.keys()][random.uint32() % Math.max(1, model.size)]
        const choice = random.uint32() % 10
        if (choice < 5 || known === undefined) {
          const at = later()
          model.set(kit.add(at), at)
        } else if (choice < 7) {
          const at = later()
          kit.move(known, at)
          model.set(known, at)
        } else if (choice < 8) {
          kit.queue.remove(known)
          kit.rows.release(known)
          model.delete(known)
        } else {
          kit.advance(kit.now + (random.uint32() % 10))
          const due = [...model].filter(([, at]) => at <= kit.now)
          assert.deepEqual(new Set(kit.ended.map(([row]) => row)), new Set(due.map(([row]) => row)))
          for (const [row] of kit.ended.splice(0)) {
            model.delete(row)
            kit.rows.release(row)
          }
        }
        assert.equal(kit.queue.size, model.size)
        const first = kit.queue.first
        const earliest = Math.min(...model.values())
        if (first !== NO_ROW) assert.equal(kit.rows.expiresAt(first), earliest)
      }
    }
  })
})
