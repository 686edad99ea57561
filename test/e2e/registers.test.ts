// SPDX-License-Identifier: MIT
// Registers in a network of real sockets: one owner, one order, one state for all.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { RegisterState } from '../../src/secure/register-state.ts'
import { text } from '../support/dht-kit.ts'
import { identityOf, SecureNetwork } from '../support/secure-kit.ts'
import { poll } from '../support/watch.ts'

let network: SecureNetwork
let owner: DhtRunner
let reader: DhtRunner
let ownerId: InfoHash

before(async () => {
  network = await SecureNetwork.start(8)
  reader = network.nodes[7]!
  const identity = await identityOf('owner')
  ownerId = identity.id
  owner = await network.add({ identity, publishCertificate: false })
})

after(() => network[Symbol.asyncDispose]())

const dataOf = (state: RegisterState | undefined): string | undefined =>
  state?.data && new TextDecoder().decode(state.data)

/** Follows a register until the returned object is told to stop. */
function watch(node: DhtRunner, key: string) {
  const states: RegisterState[] = []
  const controller = new AbortController()
  const { signal } = controller
  const done = (async () => {
    for await (const state of node.register(key, { owner: ownerId }).watch({ signal })) {
      states.push(state)
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  const stop = async (): Promise<void> => {
    controller.abort()
    await done
  }
  return { states, stop }
}

test('is set, read, overwritten and deleted', async () => {
  const register = owner.register('profile')
  const theirs = reader.register('profile', { owner: ownerId })
  assert.equal(await theirs.get(), undefined)
  assert.deepEqual(await register.set('one'), {
    revision: 0,
    data: new TextEncoder().encode('one'),
  })
  assert.equal(dataOf(await theirs.get()), 'one')
  assert.equal((await register.set(Uint8Array.of(0, 255))).revision, 1)
  assert.deepEqual(await theirs.get(), { revision: 1, data: Uint8Array.of(0, 255) })
  await register.delete()
  assert.equal(await theirs.get(), undefined)
  assert.equal((await register.set('again')).revision, 3)
  assert.equal(dataOf(await register.get()), 'again')
})

test('watchers see each state once and in order', async () => {
  const register = owner.register('counter')
  const early = watch(reader, 'counter')
  for (let i = 0; i < 10; i++) await register.set(`${i}`)
  const late = watch(network.nodes[2]!, 'counter')
  await poll(() => late.states.length > 0, 10_000, 'the late watcher saw nothing')
  await register.delete()
  await poll(() => late.states.at(-1)?.data === undefined, 10_000, 'no deletion was seen')
  await poll(() => early.states.at(-1)?.data === undefined, 10_000, 'no deletion was seen')
  assert.deepEqual(
    early.states.map(({ revision }) => revision),
    Array.from({ length: 11 }, (_, i) => i),
  )
  assert.deepEqual(
    late.states.map(({ revision }) => revision),
    [9, 10],
  )
  await Promise.all([early.stop(), late.stop()])
})

test('belongs to one owner: whatever others put there is ignored', async () => {
  const register = owner.register('mine')
  await register.set('genuine')
  const intruder = await network.add({ identity: await identityOf('intruder') })
  await intruder.register('mine').set('intruder’s own')
  await intruder.putSigned('mine', { userType: 'register', data: Uint8Array.of(0x92, 9) })
  await reader.put('mine', { ...text('plain'), userType: 'register' })
  assert.equal(dataOf(await reader.register('mine', { owner: ownerId }).get()), 'genuine')
  const theirs = reader.register('mine', { owner: intruder.publicKey! })
  assert.equal(dataOf(await theirs.get()), 'intruder’s own')
  await assert.rejects(intruder.register('mine', { owner: ownerId }).set('x'), {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_NO_IDENTITY',
  })
  assert.throws(() => reader.register('mine'), { code: 'ERR_CRYPTO_NO_IDENTITY' })
  for (const named of [String(ownerId), owner.publicKey, owner.identity!.certificate]) {
    assert.equal(dataOf(await reader.register('mine', { owner: named }).get()), 'genuine')
  }
  const wrong = (named: unknown) => () => reader.register('mine', { owner: named as never })
  assert.throws(wrong(owner.identity), { name: 'TypeError', message: /^owner .*got Identity/ })
  assert.throws(wrong('me'), { name: 'RangeError', message: /^owner must be 40 or 64/ })
  assert.throws(() => reader.register('mine', ownerId as never), { name: 'TypeError' })
  assert.throws(() => reader.register('mine', null as never), { name: 'TypeError' })
  await assert.rejects(register.set(5 as never), { name: 'TypeError', message: /^data must be/ })
})

test('three racing writers and twenty watchers end in the same state', async () => {
  const identity = await identityOf('owner')
  const writers = await Promise.all(
    Array.from({ length: 3 }, () =>
      network.add({ identity, id: InfoHash.get(`${Math.random()}`), publishCertificate: false }),
    ),
  )
  const watchers = Array.from({ length: 20 }, (_, i) => watch(network.nodes[i % 8]!, 'race'))
  await Promise.all(
    writers.map(async (node, w) => {
      for (let i = 0; i < 10; i++) await node.register('race').set(`writer ${w} state ${i}`)
    }),
  )
  const last = (states: readonly RegisterState[]): string =>
    `${states.at(-1)?.revision} ${dataOf(states.at(-1))}`
  const agree = async (): Promise<boolean> => {
    const seen = new Set(watchers.map(({ states }) => last(states)))
    for (const node of [...writers, reader]) {
      const state = await node.register('race', { owner: ownerId }).get()
      seen.add(`${state?.revision} ${dataOf(state)}`)
    }
    return seen.size === 1
  }
  await poll(agree, 30_000, 'not all see the same state')
  for (const { states } of watchers) {
    const revisions = states.map(({ revision }) => revision)
    assert.ok(
      revisions.every((revision, i) => i === 0 || revision >= revisions[i - 1]!),
      `out of order: ${revisions}`,
    )
    const different = new Set(states.map((state) => `${state.revision} ${dataOf(state)}`))
    assert.equal(different.size, states.length, 'a state was reported twice')
  }
  await Promise.all(watchers.map(({ stop }) => stop()))
})

test('survives the writer that set it, in the hands of another one', async () => {
  const identity = await identityOf('owner')
  const add = (): Promise<DhtRunner> =>
    network.add({ identity, id: InfoHash.get(`${Math.random()}`), publishCertificate: false })
  const [first, second] = [await add(), await add()]
  await first.register('heirloom').set('first')
  await second.register('heirloom').set('second')
  const slotOf = (node: DhtRunner): string | undefined => {
    const data = node.pendingPuts('heirloom')[0]?.data
    return data && new TextDecoder().decode(data)
  }
  await poll(
    () => slotOf(first)?.endsWith('second') === true,
    10_000,
    'the state is not taken over',
  )
  await second.close()
  network.nodes.splice(network.nodes.indexOf(second), 1)
  assert.equal(dataOf(await reader.register('heirloom', { owner: ownerId }).get()), 'second')
  first.register('heirloom').release()
  await poll(() => first.pendingPuts('heirloom').length === 0, 5000, 'still kept alive')
})
