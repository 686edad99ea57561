// SPDX-License-Identifier: MIT
// Network address translators (RFC 4787 in the terms of RFC 3489): hosts behind one share its
// public address, and what comes in passes only through a mapping that something that went out has
// made.

import type { SocketAddress } from '../core/id/socket-address.ts'
import type { SimRandom } from './sim-random.ts'

/** Whom a NAT lets in. */
export type NatKind =
  /** One mapping per host and port; anybody may use it. */
  | 'full-cone'
  /** … only addresses that were sent to. */
  | 'address-restricted'
  /** … only addresses and ports that were sent to. */
  | 'port-restricted'
  /** A mapping of its own for every destination, for that one only. */
  | 'symmetric'

/** What a NAT does. */
export interface NatOptions {
  kind: NatKind
  /** A mapping that carried nothing outwards for this long is gone. Default 60 s. */
  timeoutMs?: number | undefined
  /** Hosts behind it can reach each other through the public address. Default false. */
  hairpin?: boolean | undefined
  /** Public address; default one of its own. */
  address?: SocketAddress | undefined
}

const KINDS: readonly NatKind[] = [
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
]
const FIRST_PORT = 1024
const PORTS = 65_536 - FIRST_PORT
const DEFAULT_TIMEOUT_MS = 60_000

interface Mapping<T> {
  readonly owner: T
  readonly name: string
  readonly outside: SocketAddress
  usedAt: number
  /** Who may answer, and when it was last sent to. */
  readonly remotes: Map<string, number>
}

export class Nat<T> {
  readonly kind: NatKind
  readonly address: SocketAddress
  readonly hairpin: boolean
  readonly timeoutMs: number
  readonly #random: SimRandom
  readonly #byName = new Map<string, Mapping<T>>()
  readonly #byPort = new Map<number, Mapping<T>>()

  constructor(options: NatOptions, address: SocketAddress, random: SimRandom) {
    if (!KINDS.includes(options.kind)) {
      throw new RangeError(`kind of NAT must be one of ${KINDS.join(', ')}: got ${options.kind}`)
    }
    this.kind = options.kind
    this.address = address
    this.hairpin = options.hairpin ?? false
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#random = random
  }

  get mappings(): number {
    return this.#byPort.size
  }

  /** A datagram of `owner` leaves from `inside`: its source address as others see it. */
  outbound(owner: T, inside: SocketAddress, to: SocketAddress, now: number): SocketAddress {
    const name = this.kind === 'symmetric' ? `${inside} ${to}` : `${inside}`
    let mapping = this.#byName.get(name)
    if (mapping !== undefined && this.#isOver(mapping, now)) {
      this.#remove(mapping)
      mapping = undefined
    }
    mapping ??= this.#open(owner, name, now)
    mapping.usedAt = now
    mapping.remotes.set(this.#remoteName(to), now)
    return mapping.outside
  }

  /** Who gets a datagram from `from` to this port of the public address, if it is let in. */
  inbound(port: number, from: SocketAddress, now: number): T | undefined {
    const mapping = this.#byPort.get(port)
    if (mapping === undefined || this.#isOver(mapping, now)) return undefined
    if (this.kind === 'full-cone') return mapping.owner
    const sentAt = mapping.remotes.get(this.#remoteName(from))
    return sentAt !== undefined && now - sentAt < this.timeoutMs ? mapping.owner : undefined
  }

  /** All mappings are gone, as after its power failed. */
  reset(): void {
    this.#byName.clear()
    this.#byPort.clear()
  }

  #remoteName(remote: SocketAddress): string {
    return this.kind === 'address-restricted' ? remote.host : remote.toString()
  }

  #isOver(mapping: Mapping<T>, now: number): boolean {
    return now - mapping.usedAt >= this.timeoutMs
  }

  #open(owner: T, name: string, now: number): Mapping<T> {
    const outside = this.address.withPort(this.#freePort(now))
    const mapping = { owner, name, outside, usedAt: now, remotes: new Map() }
    this.#byName.set(name, mapping)
    this.#byPort.set(outside.port, mapping)
    return mapping
  }

  /** From a random place on, the first port without a living mapping. */
  #freePort(now: number): number {
    const start = this.#random.below(PORTS)
    for (let i = 0; i < PORTS; i++) {
      const port = FIRST_PORT + ((start + i) % PORTS)
      const mapping = this.#byPort.get(port)
      if (mapping === undefined) return port
      if (!this.#isOver(mapping, now)) continue
      this.#remove(mapping)
      return port
    }
    throw new RangeError(`The NAT at ${this.address.host} has no free port left`)
  }

  #remove(mapping: Mapping<T>): void {
    this.#byPort.delete(mapping.outside.port)
    if (this.#byName.get(mapping.name) === mapping) this.#byName.delete(mapping.name)
  }
}
