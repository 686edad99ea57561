// SPDX-License-Identifier: MIT
// Small things that tests of the engine share: values, keys, addresses, and readers of events.

import type { DhtEvent, Outcome } from '../../src/core/events.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import type { SignatureVerifier } from '../../src/core/ports.ts'
import { Value, type ValueId } from '../../src/core/value/value.ts'
import type { MiniNetwork, MiniNode } from './mini-network.ts'

/** Believes every signature. */
export const BELIEVE_ALL: SignatureVerifier = { verify: () => true }

/** A plain value with a text as data. */
export function text(data: string, id: ValueId = 0n): Value {
  return new Value({ id, data: new TextEncoder().encode(data) })
}

/** A value that looks signed to `BELIEVE_ALL`; `owner` 0 to 255 names its author. */
export function signed(data: string, id: ValueId, seq: number, owner = 1): Value {
  return new Value({
    id,
    seq,
    data: new TextEncoder().encode(data),
    owner: derKey(owner),
    signature: new TextEncoder().encode(`signature of ${data} ${seq}`),
  })
}

/** The smallest DER SubjectPublicKeyInfo of RSA that readers take. */
export function derKey(n: number): Uint8Array {
  const algorithm = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]
  const numbers = [0x30, 0x07, 2, 2, 1, n, 2, 1, 3]
  const bits = [3, numbers.length + 1, 0, ...numbers]
  return Uint8Array.of(0x30, algorithm.length + bits.length, ...algorithm, ...bits)
}

/** The text of a value. */
export function textOf(value: Value): string {
  return new TextDecoder().decode(value.data)
}

export const KEY: InfoHash = InfoHash.get('a key')

/** An address of scripted peers; every `n` is in a /24 of its own. */
export function peerAddress(n: number, port = 4222): SocketAddress {
  return SocketAddress.v4((20 << 24) | (n << 8) | 1, port)
}

/** An id that shares `bits` bits with `key`, and differs in the next; `salt` varies the rest. */
export function idNear(key: InfoHash, bits: number, salt = 0): InfoHash {
  const noise = InfoHash.get(`salt ${salt}`)
  let id = key
  for (let bit = bits + 1; bit < 160; bit++) id = id.withBit(bit, noise.bit(bit))
  return id.withBit(bits, key.bit(bits) === 1 ? 0 : 1)
}

/** Values that a get or a listen delivered so far, expiries left out. */
export function valuesOf(node: MiniNode, operation: number): Value[] {
  return node.events.flatMap((event) =>
    event.kind === 'values' && event.operation === operation && !event.expired ? event.values : [],
  )
}

/** Texts of these values, sorted. */
export function textsOf(node: MiniNode, operation: number): string[] {
  return valuesOf(node, operation).map(textOf).sort()
}

/** What a listen told, in order: `+text` for news, `-text` for the end of a value. */
export function changesOf(node: MiniNode, operation: number): string[] {
  return node.events.flatMap((event) =>
    event.kind === 'values' && event.operation === operation
      ? event.values.map((value) => (event.expired ? '-' : '+') + textOf(value))
      : [],
  )
}

/** Outcomes that were reported for an operation: one, or the test finds a bug. */
export function outcomesOf(node: MiniNode, operation: number): Outcome[] {
  return node.events.flatMap((event) =>
    event.kind === 'done' && event.operation === operation ? [event.outcome] : [],
  )
}

export function doneOf(
  node: MiniNode,
  operation: number,
): (DhtEvent & { kind: 'done' }) | undefined {
  for (const event of node.events) {
    if (event.kind === 'done' && event.operation === operation) return event
  }
  return undefined
}

/** Nodes of a network, closest to `key` first. */
export function byDistance(nodes: readonly MiniNode[], key: InfoHash): MiniNode[] {
  return [...nodes].sort((a, b) => key.compareDistance(a.dht.id, b.dht.id))
}

/** Nodes that hold a value with this text under `key`. */
export function holdersOf(net: MiniNetwork, key: InfoHash, data: string): MiniNode[] {
  return net.nodes.filter(
    ({ dht, isDown }) => !isDown && dht.localValues(key).some((value) => textOf(value) === data),
  )
}
