// SPDX-License-Identifier: MIT
// Transport over recvmmsg and sendmmsg: up to 64 datagrams per system call, and no object for any
// of them. The loop says when the socket can be read, and what was read is answered within the
// same call, so that a reply does not wait for another turn.

import { constants } from 'node:os'
import { type Family, SocketAddress } from '../../core/id/socket-address.ts'
import type { Outbox } from '../../core/net/outbox.ts'
import { addressCache } from '../address-cache.ts'
import { loopWatch } from '../loop-watch.ts'
import type { BindOptions, OpenTransport, Transport, TransportHandler } from '../transport.ts'
import { newTransportStats, RECEIVE_BUFFER_BYTES } from '../udp-common.ts'
import { DatagramSender } from './datagram-sender.ts'
import { BATCH } from './message-slots.ts'
import { ReceivePace } from './receive-pace.ts'
import type { SharedSlots } from './shared-slots.ts'
import type { Poll, SystemCalls } from './system-calls.ts'
import { systemError } from './system-errors.ts'
import { Zones } from './zones.ts'

/** Batches that are read before other sockets and timers get their turn: about 4 ms of puts. */
const MAX_BATCHES = 4
/** What waited through a standstill is cleared away at once: more than any buffer holds. */
const MAX_STALE_BATCHES = 1024
/** Pause after the loop gave up on the socket, so that no lasting failure keeps us busy. */
const POLL_RETRY_MS = 50

const { EAGAIN, EINTR } = constants.errno

/** What opens sockets. `coalescingMs`: how long datagrams may gather; 0 for never. */
export function mmsgOpener(shared: SharedSlots, coalescingMs: number): OpenTransport {
  return async (where, handler) => {
    const fd = bindSocket(shared, where)
    try {
      return new MmsgTransport({ shared, fd, family: where.family, handler, coalescingMs })
    } catch (error) {
      shared.calls.close(fd)
      throw error
    }
  }
}

function bindSocket(shared: SharedSlots, { family, host, port }: BindOptions): number {
  const { calls } = shared
  const fd = calls.socket(family)
  if (fd < 0) throw systemError('socket', fd)
  // The default serves as well, with more loss under load.
  calls.setReceiveBuffer(fd, RECEIVE_BUFFER_BYTES)
  const { send } = shared.of(family)
  send.setName(0, SocketAddress.parse(host, port)!, zoneOf(host, calls))
  const result = calls.bind(fd, send.namesAddress, send.nameBytes)
  if (result === 0) return fd
  calls.close(fd)
  throw systemError('bind', result)
}

/** `fe80::1%eth0` means that interface, by name or number. */
function zoneOf(host: string, calls: SystemCalls): number {
  const [, zone] = host.split('%')
  return zone === undefined ? 0 : Number(zone) || calls.interfaceIndex(zone)
}

interface MmsgParts {
  readonly shared: SharedSlots
  readonly fd: number
  readonly family: Family
  readonly handler: TransportHandler
  readonly coalescingMs: number
}

class MmsgTransport implements Transport {
  readonly kind = 'mmsg'
  readonly family: Family
  readonly address: SocketAddress
  readonly stats = newTransportStats()
  readonly #parts: MmsgParts
  readonly #poll: Poll
  readonly #pace: ReceivePace
  readonly #zones = new Zones()
  readonly #sender: DatagramSender
  /** While it is set, it says when to read, and the loop does not. */
  #timer: NodeJS.Timeout | undefined
  #refused: SocketAddress[] = []
  #isClosed = false

  constructor(parts: MmsgParts) {
    const { shared, fd, family, coalescingMs } = parts
    const { calls } = shared
    this.#parts = parts
    this.family = family
    const { receive, send } = shared.of(family)
    const result = calls.getsockname(fd, receive.namesAddress, receive.nameLengthAddress)
    if (result < 0) throw systemError('getsockname', result)
    this.address = receive.name(0, addressCache)
    this.#pace = new ReceivePace(coalescingMs)
    this.#sender = new DatagramSender({
      shared,
      fd,
      slots: send,
      zones: this.#zones,
      stats: this.stats,
      onRefused: (to) => this.#onRefused(to),
    })
    this.#poll = calls.poll(fd, (status, isWritable) => this.#onReady(status, isWritable))
    this.#watch()
  }

  send(outbox: Outbox): boolean {
    if (this.#isClosed) return true
    const wasBlocked = this.#sender.isBlocked
    this.#sender.send(outbox)
    if (this.#sender.isBlocked !== wasBlocked) this.#watch()
    return true
  }

  learnZone(address: SocketAddress, zone: string): void {
    const index = this.#parts.shared.calls.interfaceIndex(zone)
    if (index !== 0) this.#zones.remember(address, index)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#poll.close()
    this.#parts.shared.calls.close(this.#parts.fd)
  }

  /** Called by the loop, and nothing may be thrown at it. */
  #onReady(status: number, isWritable: boolean): void {
    try {
      if (isWritable) this.#resume()
      if (this.#timer !== undefined) return
      this.#read()
      if (status < 0) this.#pause(POLL_RETRY_MS)
      else if (this.#pace.waitMs > 0) this.#pause(this.#pace.waitMs)
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }

  #resume(): void {
    this.#sender.resume()
    if (!this.#sender.isBlocked) this.#watch()
  }

  /** Reads again when the time has passed, not before. */
  #pause(ms: number): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.#onTimer(), ms)
    this.#watch()
  }

  #onTimer(): void {
    this.#read()
    if (this.#isClosed) return
    if (this.#pace.waitMs > 0) this.#timer!.refresh()
    else this.#timer = undefined
    // Also when only the room for what waits is of interest: the loop may have given up on that.
    if (this.#timer === undefined || this.#sender.isBlocked) this.#watch()
  }

  #watch(): void {
    if (!this.#isClosed) this.#poll.watch(this.#timer === undefined, this.#sender.isBlocked)
  }

  #read(): void {
    let datagrams = 0
    let count = BATCH
    const most = loopWatch.isStale ? MAX_STALE_BATCHES : MAX_BATCHES
    for (let i = 0; i < most && count === BATCH && !this.#isClosed; i++) {
      count = this.#readBatch()
      datagrams += count
    }
    this.#pace.note(datagrams, performance.now())
  }

  #readBatch(): number {
    const { shared, fd, handler } = this.#parts
    const { receive } = shared.of(this.family)
    const count = shared.calls.recvmmsg(fd, receive.headersAddress, BATCH)
    if (count <= 0) {
      if (count !== -EAGAIN && count !== -EINTR) this.stats.receiveErrors++
      return 0
    }
    if (loopWatch.isStale) {
      this.stats.stale += count
      return count
    }
    this.stats.received += count
    for (let i = 0; i < count && !this.#isClosed; i++) {
      const from = receive.name(i, addressCache)
      const zone = receive.zone(i)
      if (zone !== 0) this.#zones.remember(from, zone)
      handler.onDatagram(shared.view(i, receive.bytesDone(i)), from)
    }
    loopWatch.touch()
    // Promises of the user are settled after the next function that the runtime itself calls.
    if (!this.#isClosed && handler.onBatchEnd()) setImmediate(nothing)
    return count
  }

  /** Told later: whoever sends is in the middle of its outbox. */
  #onRefused(to: SocketAddress): void {
    this.#refused.push(to)
    if (this.#refused.length > 1) return
    setImmediate(() => {
      const refused = this.#refused
      this.#refused = []
      for (const address of refused) {
        if (!this.#isClosed) this.#parts.handler.onSendFailed(address)
      }
    })
  }
}

function nothing(): void {}
