// SPDX-License-Identifier: MIT
// Signed and encrypted values in a network of real sockets: who gets to see what, and who does not.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import { Identity } from '../../src/crypto/identity.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { text, textOf } from '../support/dht-kit.ts'
import { identityOf, SecureNetwork } from '../support/secure-kit.ts'
import { poll } from '../support/watch.ts'

let network: SecureNetwork
let alice: DhtRunner
let bob: DhtRunner
let stranger: DhtRunner

before(async () => {
  network = await SecureNetwork.start(6)
  stranger = network.nodes[5]!
  alice = await network.add({ identity: await identityOf('alice') })
  bob = await network.add({ identity: await identityOf('bob') })
  await Promise.all([alice.whenPublished(), bob.whenPublished()])
})

after(() => network[Symbol.asyncDispose]())

test('the node id comes from the certificate, the public key from the identity', async () => {
  const { id, publicKey } = await identityOf('alice')
  assert.deepEqual(alice.id, InfoHash.get(`node:${id}`))
  assert.ok(alice.publicKey?.equals(publicKey))
  assert.equal(stranger.publicKey, undefined)
})

test('a signed value arrives with its owner, at whoever asks', async () => {
  const { value } = await alice.putSigned('signed', 'a text')
  assert.ok(value.isSigned)
  assert.equal(value.seq, 0)
  for (const node of [stranger, bob, alice]) {
    const [found, ...others] = await node.getAll('signed')
    assert.equal(others.length, 0)
    assert.equal(textOf(found!), 'a text')
    assert.deepEqual(found!.ownerId, alice.publicKey!.id)
  }
})

test('an edit takes the place of the value on all nodes, revision by revision', async () => {
  const listening = collect(stranger, 'edited', 3)
  for (const [i, word] of ['one', 'two', 'three'].entries()) {
    const { value } = await alice.putSigned('edited', { id: 5n, data: Buffer.from(word) })
    assert.equal(value.seq, i)
  }
  assert.deepEqual((await bob.getAll('edited')).map(textOf), ['three'])
  assert.deepEqual(await listening, ['one', 'two', 'three'])
})

test('edits of one value at the same time wait for each other', async () => {
  const puts = ['a', 'b', 'c'].map((word) => alice.putSigned('same', text(word, 6n)))
  const seqs = (await Promise.all(puts)).map(({ value }) => value.seq)
  assert.deepEqual(seqs, [0, 1, 2])
  assert.deepEqual((await bob.getAll('same')).map(textOf), ['c'])
})

test('what somebody else owns stays as it is', async () => {
  await alice.putSigned('owned', text('by alice', 7n))
  await bob.putSigned('owned', text('by bob', 7n))
  await stranger.put('owned', text('by nobody', 7n))
  const found = await network.nodes[0]!.getAll('owned')
  assert.ok(found.map(textOf).includes('by alice'))
  const others = network.nodes.slice(0, 5).flatMap((node) => node.getLocal('owned').map(textOf))
  assert.deepEqual([...new Set(others)], ['by alice'])
})

test('a signature that is not right is stored nowhere and shown to nobody', async () => {
  const signed = await alice.sign(text('genuine', 8n))
  const forged = new Value({ ...signed, data: new TextEncoder().encode('forged') })
  await stranger.put('forged', forged)
  for (const node of [alice, bob, stranger]) assert.deepEqual(await node.getAll('forged'), [])
  assert.ok(stranger.secureStats().badSignature > 0)
  for (const node of network.nodes.filter((it) => it !== stranger)) {
    assert.deepEqual(node.getLocal('forged'), [])
  }
})

test('an encrypted value can be read by its recipient alone', async () => {
  const secret = text('for your eyes only', 9n)
  await alice.putEncrypted('inbox', bob.publicKey!, secret)
  const [found] = await bob.getAll('inbox')
  assert.equal(textOf(found!), 'for your eyes only')
  assert.equal(found!.id, 9n)
  assert.deepEqual(found!.ownerId, alice.publicKey!.id)
  assert.deepEqual(found!.recipient, bob.publicKey!.id)
  for (const node of [alice, stranger]) assert.deepEqual(await node.getAll('inbox'), [])
  assert.ok(alice.secureStats().undecryptable > 0)
  const stored = network.nodes[0]!.getLocal('inbox')[0] ?? (await bobsRaw())
  assert.ok(stored.isEncrypted && stored.owner === undefined)
})

async function bobsRaw(): Promise<Value> {
  return network.nodes.flatMap((node) => node.getLocal('inbox'))[0]!
}

test('the recipient can be named by either id, in text too, or by its certificate', async () => {
  const { id, longId, certificate } = await identityOf('bob')
  const recipients = [id, longId, id.toString(), longId.toString(), certificate]
  for (const [i, to] of recipients.entries()) {
    await alice.putEncrypted('letters', to, text(`letter ${i}`))
  }
  const letters = (await bob.getAll('letters')).map(textOf).sort()
  assert.deepEqual(
    letters,
    recipients.map((_, i) => `letter ${i}`),
  )
})

test('a listener sees what is encrypted for it, and its end', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const listening = (async () => {
    for await (const { value, expired } of bob.listen('mailbox', { signal: stop.signal })) {
      seen.push((expired ? '-' : '+') + textOf(value))
    }
  })()
  const letter = text('to myself', 3n)
  const { value } = await bob.putEncrypted('mailbox', bob.publicKey!, letter, { permanent: true })
  await poll(() => seen.length === 1, 5000, 'the value was not reported')
  // Others still hold it, so it is not over yet.
  await bob.cancelPut('mailbox', value)
  assert.deepEqual(bob.getLocal('mailbox'), [])
  assert.deepEqual(seen, ['+to myself'])
  stop.abort()
  await assert.rejects(listening, { name: 'AbortError' })
})

test('certificates are found by either id, from the network once', async () => {
  const { id, longId, certificate } = await identityOf('bob')
  for (const wanted of [longId, id]) {
    const fresh = await network.add()
    assert.ok((await fresh.findCertificate(wanted.toString()))!.equals(certificate))
    assert.ok((await fresh.findCertificate(longId))!.equals(certificate))
    assert.ok((await fresh.findPublicKey(id))!.equals(certificate.publicKey))
    assert.equal(fresh.secureStats().lookups, 1)
    assert.equal(await fresh.findCertificate(InfoHash.get('nobody')), undefined)
    assert.equal(await fresh.findPublicKey(`${'0'.repeat(63)}1`), undefined)
  }
})

test('the key of a sender is known once a value of it was seen', async () => {
  await alice.putSigned('hello', 'it is me')
  const quiet = await network.add({
    identity: await identityOf('quiet'),
    publishCertificate: false,
  })
  await quiet.getAll('hello')
  const { id, longId } = alice.publicKey!
  assert.ok((await quiet.findPublicKey(longId))!.id.equals(id))
  assert.equal(quiet.secureStats().lookups, 0)
})

test('the application’s own certificates come before those of the network', async () => {
  const carol = await identityOf('carol')
  const asked: string[] = []
  const node = await network.add({
    identity: await identityOf('dave'),
    certificateStore: (id) => {
      asked.push(id.toString())
      return [carol.certificate]
    },
  })
  assert.ok((await node.findCertificate(carol.longId))!.equals(carol.certificate))
  assert.deepEqual(asked, [carol.longId.toString()])
  assert.equal(node.secureStats().lookups, 0)
  // What is not about the id that was asked for does not count.
  assert.equal(await node.findCertificate(InfoHash.get('somebody else')), undefined)
})

test('failures have codes, and nothing is put then', async () => {
  const code = (expected: string) => ({ name: 'CryptoError', code: expected })
  await assert.rejects(stranger.putSigned('k', 'x'), code('ERR_CRYPTO_NO_IDENTITY'))
  await assert.rejects(
    stranger.putEncrypted('k', bob.publicKey!, 'x'),
    code('ERR_CRYPTO_NO_IDENTITY'),
  )
  await assert.rejects(
    alice.putEncrypted('k', InfoHash.get('nobody'), 'x'),
    code('ERR_CRYPTO_UNKNOWN_KEY'),
  )
  await assert.rejects(alice.putEncrypted('k', 'bob', 'x'), {
    name: 'RangeError',
    message: 'to must be 40 or 64 hexadecimal digits: got "bob"',
  })
  await assert.rejects(alice.putEncrypted('k', 5 as never, 'x'), { name: 'TypeError' })
  const last = new Value({ id: 10n, seq: 0xffff, data: new Uint8Array(1) })
  await alice.putSigned('worn', last)
  await assert.rejects(alice.putSigned('worn', text('x', 10n)), code('ERR_CRYPTO_SEQ'))
  const curve = await network.add({
    identity: await Identity.generate({ name: 'curve', type: 'ec' }),
  })
  await assert.rejects(curve.putSigned('k', 'x'), code('ERR_CRYPTO_UNSUPPORTED'))
  await assert.rejects(
    alice.putEncrypted('k', curve.publicKey!, 'x'),
    code('ERR_CRYPTO_UNSUPPORTED'),
  )
  assert.deepEqual(await bob.getAll('k'), [])
})

test('sign, encrypt and decrypt work without the network', async () => {
  const signed = await alice.sign('by hand')
  assert.deepEqual(signed.ownerId, alice.publicKey!.id)
  const encrypted = await alice.encrypt(text('sealed', 4n), bob.publicKey!)
  assert.equal(encrypted.id, 4n)
  assert.equal(textOf(await bob.decrypt(encrypted)), 'sealed')
  await assert.rejects(alice.decrypt(encrypted), { code: 'ERR_CRYPTO_DECRYPT' })
  await assert.rejects(bob.decrypt(signed), { code: 'ERR_CRYPTO_DECRYPT' })
})

/** Texts of the first `count` values that a listen reports. */
async function collect(node: DhtRunner, key: string, count: number): Promise<string[]> {
  const seen: string[] = []
  for await (const { value, expired } of node.listen(key)) {
    if (!expired) seen.push(textOf(value))
    if (seen.length === count) return seen
  }
  return seen
}
