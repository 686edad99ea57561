// SPDX-License-Identifier: MIT
// What the attacks share: peers at addresses of their own, what the node under attack lists, and
// the lines between an attack and who started it.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  answerAsEmptyNode,
  type Datagram,
  type Endpoint,
  type Message,
  RawPeer,
  type RawPeerOptions,
} from '../../test/support/raw-peer.ts'

export const PORT = 4222
/** Of IP and UDP. */
export const HEADER_BYTES = 28
const REPLY_MS = 1000
const NODE_BYTES = 26
const TOKEN_TRIES = 10

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** The n-th address of attackers and bystanders: each in a network of its own. */
export function addressOf(n: number): string {
  return `198.19.${n}.1`
}

/** Peers at the first addresses that answer like nodes that know nobody. */
export function honestPeers(count: number): Promise<RawPeer[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => peerAt(i + 1, answerAsEmptyNode)))
}

export function peerAt(n: number, answer?: RawPeerOptions['answer'], port = PORT) {
  return RawPeer.open({ host: addressOf(n), port, ...(answer === undefined ? {} : { answer }) })
}

/** Says that all peers are there, and waits until the node was told of them. */
export async function introduced(): Promise<void> {
  process.stdout.write('{"row":"ready"}\n')
  await lines.next()
}

/** The reply or error, undefined when none comes. */
export function ask(peer: RawPeer, to: Endpoint, message: Message): Promise<Datagram | undefined> {
  return peer.request(to, message, REPLY_MS).catch(() => undefined)
}

export function isReply(datagram: Datagram | undefined): boolean {
  return datagram !== undefined && datagram.message['e'] === undefined
}

/** A token for `peer`, which has to answer pings. */
export async function tokenFor(peer: RawPeer, node: Endpoint): Promise<Uint8Array> {
  for (let i = 0; i < TOKEN_TRIES; i++) {
    const reply = await ask(peer, node, peer.query('find', { target: peer.id, w: [2] }))
    const { token } = (reply?.message['r'] ?? {}) as { token?: Uint8Array }
    if (token !== undefined) return token
  }
  throw new Error('the node gives no token')
}

/** A key that the node is closest to. */
export async function keyNear(peer: RawPeer, node: Endpoint): Promise<Uint8Array> {
  const reply = await peer.request(node, peer.query('ping'))
  const key = (reply.message['r'] as { id: Uint8Array }).id.slice()
  key[key.length - 1]! ^= 1
  return key
}

/** The address under which `node` lists `id`, undefined when it does not. */
export async function listedAddress(peer: RawPeer, node: Endpoint, id: Uint8Array) {
  const reply = await ask(peer, node, peer.query('find', { target: id, w: [2] }))
  const list = (reply?.message['r'] as { n4?: Uint8Array } | undefined)?.n4
  for (let at = 0; list !== undefined && at < list.length; at += NODE_BYTES) {
    if (Buffer.compare(list.subarray(at, at + id.length), id) === 0) {
      return [...list.subarray(at + id.length, at + id.length + 4)].join('.')
    }
  }
  return undefined
}

export function percent(count: number, of: number): number {
  return (100 * count) / of
}

export const pause = (ms: number): Promise<void> => sleep(ms)
