// SPDX-License-Identifier: MIT
// Pushes that are repeated say the same as the first time.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { toByteText, toHex } from '../../../../src/core/util/bytes.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { BELIEVE_ALL, KEY, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

it('a repeated update carries the token of the listener, not of another peer', () => {
  const net = new MiniNetwork(51)
  const node = net.add({}, { verifier: BELIEVE_ALL })
  const peer = new FakePeer(net, InfoHash.get('peer'), peerAddress(1))
  const other = new FakePeer(net, InfoHash.get('other'), peerAddress(2))
  const own = toHex(peer.tokenOf(node.address))
  peer.token = peer.tokenOf(node.address)
  peer.ask(node.address, (e, w, tid) =>
    e.listen(w, tid, KEY, toByteText(peer.token), 4711, undefined),
  )
  peer.script = (_p, r) => r.message.kind === Kind.Update // no acknowledgement
  node.dht.startPut(KEY, text('a', 1n), {}, net.now)
  net.run(100)
  const foreign = other.tokenOf(node.address)
  net.run(5000)
  const tokens = peer.requests(Kind.Update).map(({ message }) => toHex(message.token))
  assert(tokens.length > 1 && toHex(foreign) !== own)
  assert.deepEqual(new Set(tokens), new Set([own]))
})
