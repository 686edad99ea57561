// SPDX-License-Identifier: MIT
// Signed and encrypted values, edits and certificates in one network of C++ nodes and ours, all
// with identities; and values that somebody forged, which neither side delivers.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { packContent } from '../../src/core/value/pack-value.ts'
import { Value, type ValueInit } from '../../src/core/value/value.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { Certificate } from '../../src/crypto/certificate.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { PublicKey } from '../../src/crypto/public-key.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { signValue } from '../../src/secure/secure-value.ts'
import { toCpp } from '../support/certificate-families.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import type { CppNode } from '../support/cpp-node.ts'
import { CppSecure } from '../support/cpp-secure.ts'
import {
  content,
  damaged,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  text,
} from '../support/interop-kit.ts'
import { NodeListener } from '../support/node-listener.ts'
import { identityOf } from '../support/secure-kit.ts'
import { poll } from '../support/watch.ts'

const PATIENCE_MS = 20_000
/** C++ nodes store values of types that they do not know without looking at the signature. */
const UNKNOWN_TYPE = 9999
const SIZES = [1, 600, 1300, 60_000]

let cpp: CppSecure

describe('secure values', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    cpp = await CppSecure.start()
  })
  after(() => cpp?.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  let network: InteropNetwork
  let there: CppNode
  let elsewhere: CppNode
  let here: DhtRunner
  let stranger: DhtRunner

  before(async () => {
    network = await InteropNetwork.start(cpp.host, family, { count: 3, identity: 'there' })
    ;[there, elsewhere] = network.cpp as [CppNode, CppNode]
    const issuer = await identityOf('authority')
    const identity = await Identity.generate({ name: 'here', issuer, bits: 2048 })
    here = await network.addNode({ identity })
    stranger = await network.addNode()
    await network.introduceAll([here, stranger])
    await here.whenPublished()
    const isPublished = async () => (await stranger.findCertificate(there.keyId!)) !== undefined
    await poll(isPublished, PATIENCE_MS, 'the certificate of a C++ node is in the network')
  })
  after(() => network?.[Symbol.asyncDispose]())

  test('signed here, read there', async () => {
    const owner = here.publicKey!.id.toString()
    for (const size of SIZES) {
      const data = content('signed here', size)
      const { value } = await here.putSigned(`signed here ${size}`, {
        data,
        userType: 'text/plain',
      })
      for (const node of network.cpp) {
        const { values } = await node.get(hex(`signed here ${size}`))
        const expected = { id: value.id, owner, seq: 0, data, userType: 'text/plain', type: 0 }
        assert.partialDeepStrictEqual(values, [expected])
        assert.equal(values.length, 1)
      }
    }
  })

  test('signed there, read here', async () => {
    for (const size of SIZES) {
      const data = content('signed there', size)
      const key = `signed there ${size}`
      const { id } = await there.put(hex(key), data, { signed: true, userType: 'text/plain' })
      for (const node of [here, stranger]) {
        const [value, ...others] = await node.getAll(key)
        assert.deepEqual(others, [])
        assert.equal(value!.id, id)
        assert.equal(value!.seq, 0)
        assert.equal(value!.ownerId!.toString(), there.keyId)
        assert.deepEqual(value!.data, data)
        assert.equal(value!.userType, 'text/plain')
      }
    }
  })

  test('encrypted here, read there by one node alone', async () => {
    const publicKey = Certificate.from(there.certificate!).publicKey
    const recipients = [there.keyId!, publicKey]
    for (const [i, to] of recipients.entries()) {
      for (const size of SIZES) {
        const data = content('encrypted here', size)
        const key = `encrypted here ${i} ${size}`
        const { value } = await here.putEncrypted(key, to, {
          data,
          userType: 'text/plain',
          type: 3,
        })
        const { values } = await there.get(hex(key))
        const owner = here.publicKey!.id.toString()
        const expected = { id: value.id, owner, recipient: there.keyId, data, type: 3 }
        assert.partialDeepStrictEqual(values, [{ ...expected, userType: 'text/plain' }])
        assert.equal(values.length, 1)
        assert.deepEqual((await elsewhere.get(hex(key))).values, [])
        assert.deepEqual(await stranger.getAll(key), [])
        assert.equal(stranger.getLocal(key).length, 1)
      }
    }
  })

  test('encrypted there, read here by one node alone', async () => {
    const recipients = [here.publicKey!.id.toString(), here.publicKey!.toDer()]
    for (const [i, encryptFor] of recipients.entries()) {
      for (const size of SIZES) {
        const data = content('encrypted there', size)
        const key = `encrypted there ${i} ${size}`
        const { ok } = await there.put(hex(key), data, { encryptFor, userType: 'text/plain' })
        assert.ok(ok)
        const [value, ...others] = await here.getAll(key)
        assert.deepEqual(others, [])
        assert.equal(value!.ownerId!.toString(), there.keyId)
        assert.ok(value!.recipient!.equals(here.publicKey!.id))
        assert.deepEqual(value!.data, data)
        assert.equal(value!.userType, 'text/plain')
        assert.deepEqual((await elsewhere.get(hex(key))).values, [])
        assert.deepEqual(await stranger.getAll(key), [])
      }
    }
  })

  test('encrypted values are heard by listeners of both sides', async () => {
    const theirs = await there.listen(hex('heard there'))
    const ours = new NodeListener(here, 'heard here')
    for (const data of ['one', 'two']) {
      await here.putEncrypted('heard there', there.keyId!, data)
      const { value } = await theirs.waitFor((event) => text(event.value.data) === data)
      assert.equal(value.owner, here.publicKey!.id.toString())
      const encryptFor = here.publicKey!.id.toString()
      await there.put(hex('heard here'), data, { encryptFor })
      const heard = await ours.waitFor({ data })
      assert.equal(heard.value.ownerId!.toString(), there.keyId)
    }
    assert.equal(theirs.events.length, 2)
    assert.equal(ours.events.length, 2)
    await theirs.cancel()
    ours.close()
  })

  test('certificates are found by the other side', async () => {
    const { id, longId } = here.publicKey!
    const pem = here.identity!.certificate.toPem()
    for (const node of network.cpp) {
      assert.equal(await node.findCertificate(id.toString()), pem)
      const found = await here.findCertificate(node.keyId!)
      assert.equal(found!.toPem(), node.certificate)
      assert.ok(found!.id.equals(InfoHash.fromHex(node.keyId!)!))
    }
    // Each at the key where its version looks.
    for (const key of [id, InfoHash.get(longId.toBytes())]) {
      const [value] = stranger.getLocal(key)
      assert.equal(value?.type, 8)
    }
    assert.equal((await stranger.findCertificate(longId))!.toPem(), pem)
    const nobody = hex('nobody')
    assert.equal(await there.findCertificate(nobody), undefined)
    assert.equal(await here.findCertificate(nobody), undefined)
  })

  test('whoever publishes no certificate is found by those who have it', async () => {
    const identity = await identityOf('secretive')
    const secretive = await network.addNode({ identity, publishCertificate: false })
    const encryptFor = identity.id.toString()
    assert.equal(await there.findCertificate(encryptFor), undefined)
    assert.equal((await there.put(hex('secretive'), 'early', { encryptFor })).ok, false)
    await there.registerCertificate(identity.certificate.toPem())
    assert.ok((await there.put(hex('secretive'), 'late', { encryptFor })).ok)
    assert.deepEqual((await secretive.getAll('secretive')).map(textOf), ['late'])
  })

  test('edited here, seen there', async () => {
    const listener = await there.listen(hex('edited here'))
    for (const [seq, data] of ['one', 'two', 'three'].entries()) {
      await here.putSigned('edited here', { id: 5n, data: bytes(data) })
      const { value } = await listener.waitFor((event) => text(event.value.data) === data)
      assert.equal(value.seq, seq)
      // The node that listens also returns the revisions that its listener was told of.
      for (const node of network.cpp.slice(1)) {
        assert.deepEqual(await revisionsThere(node, 'edited here'), [[seq, data]])
      }
    }
    assert.equal(listener.events.length, 3)
    await listener.cancel()
  })

  test('edited there, seen here', async () => {
    const client = await network.addNode({ clientMode: true })
    const listeners = [here, stranger, client].map((node) => new NodeListener(node, 'edited there'))
    for (const [seq, data] of ['one', 'two', 'three'].entries()) {
      await there.put(hex('edited there'), data, { id: 5n, signed: true })
      for (const listener of listeners) {
        assert.equal((await listener.waitFor({ data })).value.seq, seq)
      }
      for (const node of [here, stranger, client]) {
        assert.deepEqual(await revisionsHere(node, 'edited there'), [[seq, data]])
      }
    }
    for (const listener of listeners) {
      assert.equal(listener.events.length, 3)
      listener.close()
    }
  })

  test('nodes of both sides edit for the same owner in turn', async () => {
    const other = await network.addCppStranger({ identity: await toCpp(here.identity!), nodeId })
    await network.introduce(here, [other])
    await Promise.all(network.cpp.map((node) => node.meet(other)))
    const ours = new NodeListener(stranger, 'edited in turn')
    const theirs = await there.listen(hex('edited in turn'))
    for (let seq = 0; seq < 6; seq++) {
      const data = `revision ${seq}`
      if (seq % 2 === 0) await here.putSigned('edited in turn', { id: 5n, data: bytes(data) })
      else await other.put(hex('edited in turn'), data, { id: 5n, signed: true })
      assert.equal((await ours.waitFor({ data })).value.seq, seq)
      await theirs.waitFor(({ value }) => value.seq === seq && text(value.data) === data)
    }
    assert.equal(ours.events.length, 6)
    assert.equal(theirs.events.length, 6)
    ours.close()
    await theirs.cancel()
  })

  test('what somebody else owns stays as it is, here and there', async () => {
    await here.putSigned('owned here', { id: 7n, data: bytes('by us') })
    await there.put(hex('owned here'), 'by them', { id: 7n, signed: true })
    await there.put(hex('owned there'), 'by them', { id: 7n, signed: true })
    await here.putSigned('owned there', { id: 7n, data: bytes('by us') })
    // Whoever tries keeps its own; all others keep the first one.
    assert.deepEqual(here.getLocal('owned here').map(textOf), ['by us'])
    assert.deepEqual(stranger.getLocal('owned here').map(textOf), ['by us'])
    assert.deepEqual(stranger.getLocal('owned there').map(textOf), ['by them'])
    const found = await elsewhere.get(hex('owned there'))
    assert.ok(found.values.some(({ owner }) => owner === there.keyId))
  })

  test('forged signatures are delivered by neither side', async () => {
    const key = 'forged'
    const ours = new NodeListener(stranger, key)
    const theirs = await there.listen(hex(key))
    const forged = [...(await forgeries(0)), ...(await forgeries(UNKNOWN_TYPE))]
    for (const value of forged) await here.put(key, value)
    // Everybody finds them, as queries do not look at signatures.
    const found = await Array.fromAsync(stranger.query(key, 'SELECT id'))
    assert.equal(found.length, forged.length)
    const { value: good } = await here.putSigned(key, 'good')
    for (const node of network.cpp) {
      assert.deepEqual(
        (await node.get(hex(key))).values.map(({ id }) => id),
        [good.id],
      )
    }
    assert.deepEqual(
      (await stranger.getAll(key)).map(({ id }) => id),
      [good.id],
    )
    assert.ok(stranger.secureStats().badSignature > 0)
    await ours.waitFor({ data: 'good' })
    await theirs.waitFor(({ value }) => value.id === good.id)
    assert.equal(ours.events.length, 1)
    assert.equal(theirs.events.length, 1)
    ours.close()
    await theirs.cancel()
  })

  test('forged content of encrypted values is delivered by neither side', async () => {
    const theirKey = PublicKey.from((await cpp.certificate(there.certificate!)).publicKey.der)
    for (const recipient of [here.publicKey!, theirKey]) {
      for (const value of await forgeries(0, recipient)) {
        const writer = new MsgpackWriter()
        packContent(writer, value)
        await stranger.put(
          'forged content',
          new Value({ cypher: recipient.encrypt(writer.take()) }),
        )
      }
    }
    const encryptFor = here.publicKey!.id.toString()
    await elsewhere.put(hex('forged content'), 'good', { encryptFor })
    await here.putEncrypted('forged content', there.keyId!, 'good')
    assert.deepEqual((await there.get(hex('forged content'))).values.map(textOf), ['good'])
    assert.deepEqual((await here.getAll('forged content')).map(textOf), ['good'])
  })
}

const nodeId = hex('another node of the same owner')

/** Values whose signature is one of something else, of somebody else, or of nobody. */
async function forgeries(type: number, recipient?: PublicKey): Promise<Value[]> {
  const { privateKey } = await identityOf('forger')
  const { publicKey: victim } = await identityOf('victim')
  const init = { type, data: bytes('forged'), recipient: recipient?.id }
  const signed = await signValue(new Value(init), privateKey!)
  const changes: ValueInit[] = [
    { data: bytes('altered') },
    { seq: 1 },
    { userType: 'text/plain' },
    { owner: victim.toDer() },
    { signature: damaged(signed.signature, 100) },
    { signature: signed.signature.subarray(1) },
  ]
  return changes.map((change) => new Value({ ...signed, ...change }))
}

function bytes(data: string): Uint8Array {
  return new Uint8Array(Buffer.from(data))
}

function textOf({ data }: { data: Uint8Array }): string {
  return text(data)
}

async function revisionsThere(node: CppNode, key: string) {
  return (await node.get(hex(key))).values.map(({ seq, data }) => [seq, text(data)])
}

async function revisionsHere(node: DhtRunner, key: string) {
  return (await node.getAll(key)).map(({ seq, data }) => [seq, text(data)])
}
