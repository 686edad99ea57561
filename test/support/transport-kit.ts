// SPDX-License-Identifier: MIT
// A receiver that notes what a transport tells it, and datagrams to send.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { SocketAddress } from '../../src/core/id/socket-address.ts'
import type { Outbox } from '../../src/core/net/outbox.ts'
import type { OpenTransport, Transport, TransportHandler } from '../../src/nodejs/transport.ts'
import { Watch } from './watch.ts'

const DEADLINE_MS = 10_000

export class Receiver implements TransportHandler {
  readonly datagrams: { bytes: Uint8Array; from: string }[] = []
  readonly failed: string[] = []
  batches = 0
  readonly #watch = new Watch()

  onDatagram(bytes: Uint8Array, from: SocketAddress): void {
    assert.equal(bytes.constructor, Uint8Array)
    this.datagrams.push({ bytes: bytes.slice(), from: `${from}` })
  }

  onBatchEnd(): boolean {
    this.batches++
    this.#watch.notify()
    return true
  }

  onSendFailed(to: SocketAddress): void {
    this.failed.push(`${to}`)
    this.#watch.notify()
  }

  until(isDone: () => boolean): Promise<boolean> {
    const describe = (): string => `${this.datagrams.length} datagrams, ${this.failed} failed`
    return this.#watch.until(() => isDone() || undefined, DEADLINE_MS, describe)
  }

  untilCount(count: number): Promise<boolean> {
    return this.until(() => this.datagrams.length >= count)
  }
}

/** A socket on any port of `host`, closed at the end of the test. */
export async function openAt(
  t: TestContext,
  open: OpenTransport,
  host: string,
): Promise<[Transport, Receiver]> {
  const receiver = new Receiver()
  const family = host.includes(':') ? 6 : 4
  const transport = await open({ family, host, port: 0 }, receiver)
  t.after(() => transport.close())
  return [transport, receiver]
}

/** Adds a datagram of small numbers. */
export function write(outbox: Outbox, bytes: readonly number[], to: SocketAddress): void {
  for (const byte of bytes) outbox.writer.unsigned(byte)
  outbox.commit(to)
}
