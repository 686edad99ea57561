// SPDX-License-Identifier: MIT
// Datagrams on the border of the format: the engine reacts to each as the C++ implementation did.
// There is no list of deliberate differences, because there are none.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { decodeMessage } from '../../src/core/wire/decode-message.ts'
import { Message, WANT_IPV6 } from '../../src/core/wire/message.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'
import { GoodPeer } from './good-peer.ts'

type Outcome =
  | 'no answer'
  | { answer: 'reply'; t: number; keys: string[] }
  | { answer: 'error'; t: number; code: number }

interface Case {
  name: string
  input_hex: string
  '2.4.12': Outcome
  '4.3.1': Outcome
}

const { cases } = loadVectors<{ cases: Case[] }>('core/accept-reject')

suite('Datagrams on the border of the format', () => {
  for (const { name, input_hex, '4.3.1': recorded } of cases) {
    test(`${name}: ${summary(recorded)}`, () => {
      const peer = new GoodPeer('node-under-test', InfoHash.get('fake-peer'))
      peer.takeAnswers()
      peer.send(fromHex(input_hex))
      peer.run(250)
      const [first] = peer.takeAnswers()
      assert.deepEqual(outcomeOf(first), recorded)
      assert.equal(peer.dht.stats(peer.now).dropped.internal, 0)
    })
  }

  test('a wish for nodes of BSD address family 30 means IPv6, not nothing', () => {
    // The recorded outcome is the same, as the node of the recording knew no IPv6 nodes.
    const message = new Message()
    const wish = cases.find(({ name }) => name === 'find w=[30] (BSD AF_INET6)')
    decodeMessage(message, fromHex(wish!.input_hex))
    assert.equal(message.want, WANT_IPV6)
  })

  test('both versions react alike to all of them', () => {
    for (const { name, '2.4.12': old, '4.3.1': recent } of cases) {
      assert.deepEqual(old, recent, name)
    }
  })
})

function outcomeOf(answer: Record<string, unknown> | undefined): Outcome {
  if (answer === undefined) return 'no answer'
  const t = Number(answer['t'])
  const error = answer['e'] as [number, string] | undefined
  if (error !== undefined) return { answer: 'error', code: error[0], t }
  return { answer: 'reply', t, keys: Object.keys(answer['r'] as object) }
}

function summary(outcome: Outcome): string {
  if (outcome === 'no answer') return 'no answer'
  return outcome.answer === 'error' ? `error ${outcome.code}` : `reply ${outcome.keys.join(' ')}`
}
