// SPDX-License-Identifier: MIT
// Values that are announced and come in pieces: a node waits for those that it wants, with a valid
// token or in answer to its own request, and keeps nothing for anybody else.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toByteText } from '../../../../src/core/util/bytes.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { KEY, peerAddress } from '../../../support/dht-kit.ts'
import { FAKE_TOKEN, FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

const ANNOUNCED = { kind: 'sizes', packed: [new Uint8Array(5000)] } as const
const WRONG_TOKEN = new Uint8Array(16)
const UNKNOWN = 77
const NO_NODES = new Uint8Array(0)

function start() {
  const net = new MiniNetwork(1)
  const node = net.add()
  const peer = new FakePeer(net, KEY, peerAddress(1))
  const token = peer.tokenOf(node.address).slice()
  const put = (given: Uint8Array) =>
    peer.ask(node.address, (e, w, tid) =>
      e.put(w, tid, KEY, ANNOUNCED, toByteText(given), undefined),
    )
  const opened = (): number => node.dht.stats(net.now).fragments.partialMessages
  return { net, node, peer, token, put, opened }
}

describe('announced values', () => {
  it('of a put with a valid token are waited for', () => {
    const { token, put, opened } = start()
    assert.deepEqual(put(token), [])
    assert.equal(opened(), 1)
  })

  it('of a put without one are not, and it is refused at once', () => {
    const { token, put, opened } = start()
    for (const wrong of [WRONG_TOKEN, FAKE_TOKEN, token.with(15, token[15]! ^ 1)]) {
      assert.deepEqual(
        put(wrong).map(({ kind, errorCode }) => [kind, errorCode]),
        [[Kind.Error, 401]],
      )
      assert.equal(opened(), 0)
    }
  })

  it('for a listen that there is not are not', () => {
    const { node, peer, token, opened } = start()
    peer.ask(node.address, (e, w, tid) => e.update(w, tid, KEY, UNKNOWN, ANNOUNCED, token))
    assert.equal(opened(), 0)
  })

  it('in an answer that nobody asked for are not', () => {
    const { net, node, peer, opened } = start()
    const lists = { nodes4: NO_NODES, nodes6: NO_NODES }
    peer.send(node.address, (e, w) => {
      e.nodes(w, UNKNOWN, node.address, lists, FAKE_TOKEN, ANNOUNCED)
    })
    net.run(50)
    assert.equal(opened(), 0)
  })
})
