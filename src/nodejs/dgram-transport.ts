// SPDX-License-Identifier: MIT
// Transport over node:dgram, which exists everywhere. It delivers datagrams one by one; those of
// one turn of the event loop form a batch, which ends in the loop's check phase. The one thing
// that may keep reading our buffers after `send` is the queue that fills up when the kernel's own
// is full.

import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram'
import { once } from 'node:events'
import type { Family, SocketAddress } from '../core/id/socket-address.ts'
import type { Outbox } from '../core/net/outbox.ts'
import { addressCache } from './address-cache.ts'
import { loopWatch } from './loop-watch.ts'
import type { BindOptions, Transport, TransportHandler } from './transport.ts'
import {
  isHardError,
  MAX_QUEUED_BYTES,
  MAX_ZONES,
  newTransportStats,
  RECEIVE_BUFFER_BYTES,
} from './udp-common.ts'

interface SendError extends NodeJS.ErrnoException {
  address?: string
  port?: number
}

/** Binds a socket. Rejects with the error of the system. */
export async function openDgramTransport(
  { family, host, port }: BindOptions,
  handler: TransportHandler,
): Promise<Transport> {
  const socket = createSocket(socketOptions(family))
  try {
    const listening = once(socket, 'listening')
    // Exclusive: in a cluster, workers must not share one socket.
    socket.bind({ address: host, port, exclusive: true })
    await listening
  } catch (error) {
    socket.on('error', ignore)
    socket.close()
    throw error
  }
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch {
    // The default serves as well, with more loss under load.
  }
  return new DgramTransport(socket, family, handler)
}

function socketOptions(family: Family): SocketOptions {
  // All our addresses are literals: answering at once keeps names and the thread pool out of it.
  const lookup: SocketOptions['lookup'] = (host, _options, callback) => callback(null, host, family)
  return family === 4 ? { type: 'udp4', lookup } : { type: 'udp6', ipv6Only: true, lookup }
}

class DgramTransport implements Transport {
  readonly kind = 'dgram'
  readonly family: Family
  readonly address: SocketAddress
  readonly stats = newTransportStats()
  readonly #socket: Socket
  readonly #handler: TransportHandler
  /**
   * Link-local IPv6 addresses only mean something together with an interface, which SocketAddress
   * does not know: the one that the peer was last heard on, by address.
   */
  readonly #zoned = new Map<string, string>()
  /** Senders of the datagrams of this batch. */
  readonly #heard = new Set<SocketAddress>()
  #isBatchOpen = false
  #isClosed = false

  constructor(socket: Socket, family: Family, handler: TransportHandler) {
    this.#socket = socket
    this.family = family
    this.#handler = handler
    const { address, port } = socket.address()
    this.address = addressCache.get(address, port)!
    socket.on('message', (message, info) => this.#onMessage(message, info))
    socket.on('error', () => {
      this.stats.receiveErrors++
    })
  }

  send(outbox: Outbox): boolean {
    if (this.#isClosed) return true
    const { count } = outbox
    // Asked for only when it can be less than this: it is a call into the runtime.
    let room = 0
    for (let i = 0; i < count; i++) {
      const to = outbox.destination(i)
      if (to.family !== this.family) continue
      if (room <= 0) room = MAX_QUEUED_BYTES - this.#socket.getSendQueueSize()
      if (room <= 0) {
        this.stats.queueFull++
        continue
      }
      const bytes = outbox.datagram(i)
      room -= bytes.length
      try {
        const host = this.#zoned.size === 0 ? to.host : (this.#zoned.get(to.host) ?? to.host)
        // Who was just heard can be reached: being told so would queue a callback for each reply.
        const onSent = this.#heard.has(to) ? undefined : this.#onSent
        this.#socket.send(bytes, to.port, host, onSent)
        this.stats.sent++
      } catch {
        // Port 0, which the engine never asks for.
        this.stats.sendErrors++
      }
    }
    return this.#socket.getSendQueueCount() === 0
  }

  learnZone({ host }: SocketAddress, zone: string): void {
    this.#rememberZone(host, `${host}%${zone}`)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.removeAllListeners('message')
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  #onMessage(message: Uint8Array, { address, port }: RemoteInfo): void {
    if (loopWatch.isStale) {
      this.stats.stale++
      return
    }
    const from = addressCache.get(address, port)
    if (from === undefined) return
    if (this.family === 6 && address.includes('%')) this.#rememberZone(from.host, address)
    this.stats.received++
    this.#heard.add(from)
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
    this.#handler.onDatagram(bytes, from)
    if (this.#isBatchOpen) return
    this.#isBatchOpen = true
    setImmediate(this.#endBatch)
  }

  #rememberZone(host: string, zoned: string): void {
    if (this.#zoned.size >= MAX_ZONES && !this.#zoned.has(host)) this.#zoned.clear()
    this.#zoned.set(host, zoned)
  }

  readonly #endBatch = (): void => {
    this.#isBatchOpen = false
    loopWatch.touch()
    if (!this.#isClosed) this.#handler.onBatchEnd()
    this.#heard.clear()
  }

  /** One function for all sends, so that none allocates: an error says where it was going. */
  readonly #onSent = (error: SendError | null): void => {
    if (error === null) return
    this.stats.sendErrors++
    if (this.#isClosed || !isHardError(error.code)) return
    const to = addressCache.get(error.address ?? '', error.port ?? 0)
    if (to !== undefined) this.#handler.onSendFailed(to)
  }
}

function ignore(): void {}
