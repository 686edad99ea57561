// SPDX-License-Identifier: MIT
// Where datagrams come from and go to: one transport per address family. Built for batches, so
// that system calls, timers and events are paid once per batch where the platform allows it.

import type { Family, SocketAddress } from '../core/id/socket-address.ts'
import type { Outbox } from '../core/net/outbox.ts'

/** What a transport calls. None of these throws. */
export interface TransportHandler {
  /** A datagram. `bytes` is a plain Uint8Array, not a Buffer, and valid during the call only. */
  onDatagram(bytes: Uint8Array, from: SocketAddress): void
  /**
   * Comes after one or more datagrams: what they caused should be sent now. Returns whether user
   * code was told of something: a transport that the runtime knows nothing of has to see to it
   * that promises are settled.
   */
  onBatchEnd(): boolean
  /** A datagram could not leave this host and the next one would not either. */
  onSendFailed(to: SocketAddress): void
}

/** Counters since the start. */
export interface TransportStats {
  received: number
  sent: number
  /** Datagrams that waited too long before this process got round to reading them. */
  stale: number
  /** Datagrams that the system refused to send, for whatever reason. */
  sendErrors: number
  /** Datagrams dropped because too many waited for the socket. */
  queueFull: number
  receiveErrors: number
}

export interface Transport {
  /** What it is made of, such as `dgram`; for people who wonder. */
  readonly kind: string
  readonly family: Family
  /** Where the socket is bound; the port is never 0. */
  readonly address: SocketAddress
  readonly stats: Readonly<TransportStats>
  /**
   * Sends the datagrams of `outbox` whose destination is of this family. Returns whether the arena
   * may be overwritten right away: if not, its owner must `release` it. Never throws.
   */
  send(outbox: Outbox): boolean
  /**
   * On which network interface a link-local IPv6 address is, by name: for neighbours that did not
   * send anything yet. Transports without it reach those that did.
   */
  learnZone?(address: SocketAddress, zone: string): void
  /** Resolves when the port is free. No handler is called any more from the call on. */
  close(): Promise<void>
}

/** Where a socket is to be. */
export interface BindOptions {
  family: Family
  /** Address literal of that family. */
  host: string
  /** 0 lets the system choose. */
  port: number
}

/** Rejects with the error of the system (`code` such as EADDRINUSE) when it cannot bind. */
export type OpenTransport = (options: BindOptions, handler: TransportHandler) => Promise<Transport>
