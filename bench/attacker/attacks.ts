// SPDX-License-Identifier: MIT
// What a node can be talked into, one small attack each. Figures are what the attacker got: 0 is
// best. Nothing here is sent to anybody but a node that the benchmark started itself, in a network
// without a way out, and nothing is malformed.

import { randomBytes } from 'node:crypto'
import {
  answerAsEmptyNode,
  type Endpoint,
  type Message,
  pack,
  packAddress,
  RawPeer,
} from '../../test/support/raw-peer.ts'
import {
  addressOf,
  ask,
  HEADER_BYTES,
  honestPeers,
  introduced,
  isReply,
  keyNear,
  listedAddress,
  PORT,
  pause,
  peerAt,
  percent,
  tokenFor,
} from './kit.ts'

/** How many times a thing is tried. */
const TRIES = 20
const SETTLE_MS = 1000
const STRANGER = 200
const VALUES = 40
const VALUE_BYTES = 500
const FORGED = 100
const LIE = '203.0.113.9'

export type Attack = (node: Endpoint) => Promise<Record<string, number>>

/** Good nodes whose id somebody else uses in one ping each, which he cannot answer. */
async function takeover(node: Endpoint) {
  const peers = await honestPeers(TRIES)
  const observer = await peerAt(STRANGER + 1, answerAsEmptyNode)
  const attacker = await peerAt(STRANGER)
  await introduced()
  await pause(SETTLE_MS)
  let moved = 0
  let known = 0
  for (const { id, host } of peers) {
    if ((await listedAddress(observer, node, id)) !== host) continue
    known++
    attacker.send(node, { ...attacker.query('ping'), a: { id } })
    await pause(50)
    if ((await listedAddress(observer, node, id)) === attacker.host) moved++
  }
  return { got: percent(moved, known) }
}

/** An answer to a ping of the node from another address than the one that was asked. */
async function forgery(node: Endpoint) {
  const attacker = await peerAt(STRANGER)
  const asked = await Promise.all(
    Array.from({ length: TRIES }, (_, i) =>
      peerAt(i + 1, ({ message }, { id }) => {
        const r = { id, sa: packAddress(node.host) }
        if (message['q'] === 'ping') attacker.send(node, { r, t: message['t'], y: 'r', v: 'test' })
        return undefined
      }),
    ),
  )
  await introduced()
  await pause(2 * SETTLE_MS)
  const observer = await peerAt(STRANGER + 1, answerAsEmptyNode)
  // Some nodes ask nobody any more when they have been answered.
  const tries = asked.filter(({ received }) => received.length > 0)
  let believed = 0
  for (const { id } of tries) {
    if ((await listedAddress(observer, node, id)) !== undefined) believed++
  }
  return { got: percent(believed, tries.length) }
}

/** Puts with a token that was given to another port, or with one bit of it changed. */
async function tokens(node: Endpoint) {
  const [peer] = await honestPeers(1)
  await introduced()
  const token = await tokenFor(peer!, node)
  let accepted = 0
  let tries = 0
  const other = await peerAt(1, answerAsEmptyNode, PORT + 1)
  const far = await peerAt(STRANGER, answerAsEmptyNode)
  for (const thief of [other, far]) {
    tries++
    if (isReply(await ask(thief, node, putOf(thief, token)))) accepted++
  }
  for (let bit = 0; bit < 8 * token.length; bit += 7) {
    const changed = token.slice()
    changed[bit >> 3]! ^= 1 << (bit & 7)
    tries++
    if (isReply(await ask(peer!, node, putOf(peer!, changed)))) accepted++
  }
  if (!isReply(await ask(peer!, node, putOf(peer!, token)))) throw new Error('no token works')
  return { got: percent(accepted, tries) }
}

/** Bytes that the node sends to an address for each byte of requests in its name. */
function amplification(name: string, args: (key: Uint8Array) => Message): Attack {
  return async (node) => {
    const [writer] = await honestPeers(TRIES)
    await introduced()
    await pause(SETTLE_MS)
    const token = await tokenFor(writer!, node)
    const key = await keyNear(writer!, node)
    for (let i = 1; i <= VALUES; i++) await ask(writer!, node, putOf(writer!, token, key, i))
    // It answers nothing: it never asked.
    const victim = await peerAt(STRANGER)
    let sent = 0
    for (let i = 0; i < FORGED; i++) {
      const request = victim.query(name, args(key))
      request['a'] = { ...(request['a'] as Message), id: new Uint8Array(randomBytes(20)) }
      const bytes = pack(request)
      sent += bytes.length + HEADER_BYTES
      victim.send(node, bytes)
      await pause(10)
    }
    await pause(3 * SETTLE_MS)
    const got = victim.received.reduce((sum, { bytes }) => sum + bytes.length + HEADER_BYTES, 0)
    const reader = await peerAt(STRANGER + 1, answerAsEmptyNode)
    await ask(reader, node, reader.query('get', { h: key }))
    await pause(SETTLE_MS)
    const read = reader.received.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return { factor: got / sent, honest: Math.min(100, percent(read, VALUES * VALUE_BYTES)) }
  }
}

/** Nodes that do not exist, which a peer of the node lists. */
async function hearsay() {
  const invented = (): Uint8Array => {
    const list = Array.from({ length: 8 }, () => {
      const [network = 0] = randomBytes(1)
      return Buffer.concat([randomBytes(20), Buffer.of(198, 18, 2 + (network % 250), 9, 16, 126)])
    })
    return new Uint8Array(Buffer.concat(list))
  }
  await peerAt(1, (request) => {
    const answer = answerAsEmptyNode(request)
    return answer?.['token'] === undefined ? answer : { ...answer, n4: invented() }
  })
  await introduced()
  await pause(10 * SETTLE_MS)
  return {}
}

/** Nodes that ask once and answer nothing. */
async function silence(node: Endpoint) {
  await honestPeers(1)
  await introduced()
  for (let n = 2; n < 2 + FORGED; n++) {
    const peer = await peerAt(n)
    peer.send(node, peer.query('ping'))
    await pause(10)
  }
  await pause(5 * SETTLE_MS)
  return {}
}

/** One host with many ports says that the node has another address; three hosts tell the truth. */
async function votes() {
  const peers = await honestPeers(3)
  for (let i = 0; i < 16; i++) {
    const answer = answerAsEmptyNode
    const liar = await RawPeer.open({
      host: addressOf(STRANGER),
      port: PORT + i,
      answer: (request, peer) => {
        const content = answer(request)
        return content && { ...content, id: peer.id, sa: packAddress(LIE) }
      },
    })
    peers.push(liar)
  }
  await introduced()
  await pause(5 * SETTLE_MS)
  return {}
}

/** Puts without a token whose values are announced: whether the node waits for them. */
async function halves(node: Endpoint) {
  const [peer] = await honestPeers(1)
  await introduced()
  await pause(SETTLE_MS)
  let refused = 0
  for (let i = 0; i < TRIES; i++) {
    const args = { h: new Uint8Array(randomBytes(20)), values: [60_000], token: randomBytes(32) }
    const answer = await ask(peer!, node, peer!.query('put', args))
    if (answer?.message['e'] !== undefined) refused++
  }
  return { got: percent(TRIES - refused, TRIES) }
}

function putOf(peer: RawPeer, token: Uint8Array, key = peer.id, value = 7): Message {
  const data = new Uint8Array(VALUE_BYTES).fill(value)
  const values = [{ id: value, dat: { body: { type: 0, data } } }]
  return peer.query('put', { h: key, values, token })
}

export const ATTACKS: Readonly<Record<string, Attack>> = {
  takeover,
  forgery,
  tokens,
  hearsay,
  silence,
  votes,
  halves,
  ping: amplification('ping', () => ({})),
  find: amplification('find', (target) => ({ target, w: [2] })),
  get: amplification('get', (h) => ({ h })),
  listen: amplification('listen', (h) => ({ h, ve: 1, sid: 7, token: randomBytes(32) })),
  put: amplification('put', (h) => ({ h, values: [], token: randomBytes(32) })),
}
