// SPDX-License-Identifier: MIT
// What happened in a simulation: records for people and programs (schema in docs/simulator.md), and
// a running hash over everything, which is cheap enough to be always on.

import type { NodeStatus, OperationId, Outcome } from '../core/events.ts'

/** Why a datagram did not arrive. */
export type DropReason =
  /** Lost on the way, by chance. */
  | 'loss'
  /** Larger than the link carries. */
  | 'mtu'
  /** The queue of the sender's uplink or of the receiver's downlink was full. */
  | 'queue'
  | 'partition'
  /** A NAT has no mapping for it, or does not let its sender in. */
  | 'nat'
  /** Nobody has that address, or the sender has no address of that family. */
  | 'unreachable'
  /** The receiver is not running. */
  | 'down'

/** What a user of a node can do. */
export type OperationKind = 'get' | 'listen' | 'put' | 'ping'

/** `t` is virtual time in milliseconds; nodes are numbers, `packet` counts all datagrams. */
export type TraceRecord = { readonly t: number } & (
  | {
      readonly type: 'node-added'
      readonly node: number
      readonly addresses: readonly string[]
      readonly region?: string
    }
  | { readonly type: 'node-up'; readonly node: number; readonly id: string }
  | { readonly type: 'node-down' | 'node-removed'; readonly node: number }
  | {
      readonly type: 'status'
      readonly node: number
      readonly ipv4: NodeStatus
      readonly ipv6: NodeStatus
    }
  | {
      readonly type: 'sent'
      readonly packet: number
      readonly from: number
      readonly to: string
      readonly kind: string
      readonly bytes: number
    }
  | { readonly type: 'delivered'; readonly packet: number; readonly node: number }
  | { readonly type: 'dropped'; readonly packet: number; readonly reason: DropReason }
  | {
      readonly type: 'operation-start'
      readonly node: number
      readonly operation: OperationId
      readonly kind: OperationKind
      readonly key: string
    }
  | {
      readonly type: 'operation-end'
      readonly node: number
      readonly operation: OperationId
      readonly outcome: Outcome | 'cancelled'
    }
  | {
      readonly type: 'fault-start' | 'fault-end'
      readonly fault: number
      readonly kind: 'cut' | 'clog'
      readonly text: string
    }
  | { readonly type: 'failure'; readonly text: string }
)

type WithoutTime<T> = T extends unknown ? Omit<T, 't'> : never

/** A record before its time is known. */
export type TraceEntry = WithoutTime<TraceRecord>

/** Marks what a word in the hash stands for. */
export const Mark = {
  Sent: 1,
  Delivered: 2,
  Dropped: 3,
  Up: 4,
  Down: 5,
  Start: 6,
  Event: 7,
} as const

/** Two 32-bit words over all words that were added; not for cryptographic purposes. */
export class TraceHash {
  #a = 0x243f6a88
  #b = 0x85a308d3 | 0

  add(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x9e3779b1)
    this.#a ^= this.#a >>> 15
    this.#b = Math.imul(this.#b + word, 0x85ebca6b) ^ this.#a
    this.#b ^= this.#b >>> 13
  }

  addBytes(bytes: Uint8Array): void {
    const { length } = bytes
    let i = 0
    for (; i + 4 <= length; i += 4) {
      const upper = (bytes[i]! << 24) | (bytes[i + 1]! << 16)
      this.add(upper | (bytes[i + 2]! << 8) | bytes[i + 3]!)
    }
    let rest = length
    for (; i < length; i++) rest = (rest << 8) | bytes[i]!
    this.add(rest)
  }

  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.add(text.charCodeAt(i))
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    const digits = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
    return digits(this.#a) + digits(this.#b)
  }
}
