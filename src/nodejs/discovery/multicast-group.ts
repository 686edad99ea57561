// SPDX-License-Identifier: MIT
// The sockets of peer discovery in one address family. One is bound to the group and only hears
// what is sent to the group, so that several programs share the port, and none takes answers away
// that are for another. And one per interface, with a port of its own: it sends to the group
// through that interface, and gets the answers to its queries, which are for this process alone.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Family, SocketAddress } from '../../core/id/socket-address.ts'
import type { MulticastInterface } from './interfaces.ts'

/** Of OpenDHT. */
export const GROUP_ADDRESSES = { 4: '239.192.0.1', 6: 'ff08::101' } as const
/** Neither group is left by routers, since nothing is sent further than to the next host. */
const TIME_TO_LIVE = 1

export interface GroupHandler {
  onDatagram(bytes: Uint8Array, info: RemoteInfo): void
  /** Something went wrong that concerns one datagram or interface. */
  onError(action: string, error: Error): void
}

interface Sender {
  readonly socket: Socket
  readonly port: number
  /** Of the interface when it was opened. */
  readonly key: string
}

export class MulticastGroup {
  readonly family: Family
  readonly #port: number
  readonly #handler: GroupHandler
  #receiver: Socket | undefined
  /** By name of the interface. */
  readonly #senders = new Map<string, Sender>()
  #isClosed = false

  constructor(family: Family, port: number, handler: GroupHandler) {
    this.family = family
    this.#port = port
    this.#handler = handler
  }

  /** Hears what is sent to the group; false when another program keeps the port to itself. */
  get isReceiving(): boolean {
    return this.#receiver !== undefined
  }

  /** Names of the interfaces that it sends through. */
  get interfaces(): string[] {
    return [...this.#senders.keys()]
  }

  /** Whether a datagram from this port of this host is one of ours. */
  ownsPort(port: number): boolean {
    for (const sender of this.#senders.values()) if (sender.port === port) return true
    return false
  }

  /**
   * Uses these interfaces from now on, and tries again what failed before. What cannot be opened is
   * reported to the handler; never rejects. Not to be called again before it is done.
   */
  async use(interfaces: readonly MulticastInterface[]): Promise<void> {
    const own = interfaces.filter(({ family }) => family === this.family)
    for (const [name, { socket, key }] of this.#senders) {
      if (own.some((it) => it.name === name && it.key === key)) continue
      this.#senders.delete(name)
      socket.close()
    }
    if (own.length > 0) await this.#openReceiver()
    for (const it of own) {
      this.#join(it)
      if (!this.#senders.has(it.name)) await this.#openSender(it)
    }
  }

  /** To everybody, through each interface. */
  send(bytes: Uint8Array): void {
    for (const { socket } of this.#senders.values()) {
      this.#send(socket, bytes, GROUP_ADDRESSES[this.family], this.#port)
    }
  }

  /** To one host; `host` has a zone where the address needs one. */
  sendTo(bytes: Uint8Array, host: string, { port }: SocketAddress): void {
    const [sender] = this.#senders.values()
    if (sender !== undefined) this.#send(sender.socket, bytes, host, port)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const sockets = [...this.#senders.values()].map(({ socket }) => socket)
    if (this.#receiver !== undefined) sockets.push(this.#receiver)
    this.#receiver = undefined
    this.#senders.clear()
    await Promise.all(sockets.map(closeSocket))
  }

  async #openReceiver(): Promise<void> {
    if (this.#isClosed || this.#receiver !== undefined) return
    // Windows binds to addresses of its own only.
    const address = process.platform === 'win32' ? undefined : GROUP_ADDRESSES[this.family]
    const socket = await this.#open({ port: this.#port, address })
    if (socket === undefined) return
    socket.on('error', () => {
      if (this.#receiver !== socket) return
      this.#receiver = undefined
      socket.close()
    })
    this.#receiver = socket
  }

  /** Each time anew: the system forgets memberships of interfaces that went away. */
  #join({ name, key }: MulticastInterface): void {
    try {
      this.#receiver?.addMembership(GROUP_ADDRESSES[this.family], key)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return
      this.#handler.onError(`join the group on ${name}`, error as Error)
    }
  }

  async #openSender({ name, key }: MulticastInterface): Promise<void> {
    const socket = await this.#open({ port: 0 })
    if (socket === undefined) return
    try {
      socket.setMulticastInterface(key)
      socket.setMulticastTTL(TIME_TO_LIVE)
      socket.setMulticastLoopback(true)
    } catch (error) {
      this.#handler.onError(`send through ${name}`, error as Error)
      socket.close()
      return
    }
    socket.on('error', () => {
      if (this.#senders.get(name)?.socket !== socket) return
      this.#senders.delete(name)
      socket.close()
    })
    this.#senders.set(name, { socket, port: socket.address().port, key })
  }

  /** A bound socket; undefined when that failed, or when all was closed in the meantime. */
  async #open(bind: { port: number; address?: string | undefined }): Promise<Socket | undefined> {
    const { family } = this
    const isShared = bind.port !== 0
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      ipv6Only: family === 6,
      reuseAddr: isShared,
      lookup: (host, _options, callback) => callback(null, host, family),
    })
    try {
      const listening = once(socket, 'listening')
      socket.bind({ ...bind, exclusive: true })
      await listening
    } catch (error) {
      this.#handler.onError(`bind UDP port ${bind.port}`, error as Error)
      socket.on('error', ignore)
      socket.close()
      return undefined
    }
    if (this.#isClosed) {
      await closeSocket(socket)
      return undefined
    }
    socket.on('message', (bytes, info) => {
      if (!this.#isClosed) this.#handler.onDatagram(bytes, info)
    })
    return socket
  }

  #send(socket: Socket, bytes: Uint8Array, host: string, port: number): void {
    try {
      socket.send(bytes, port, host, (error) => {
        if (error !== null && !this.#isClosed) this.#handler.onError(`send to ${host}`, error)
      })
    } catch (error) {
      // A sender with port 0.
      this.#handler.onError(`send to ${host}`, error as Error)
    }
  }
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}

function ignore(): void {}
