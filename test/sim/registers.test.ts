// SPDX-License-Identifier: MIT
// Registers over minutes of virtual time: what expires, what is kept alive, what comes back.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import { packState, type RegisterState } from '../../src/secure/register-state.ts'
import type { SecureDht } from '../../src/secure/secure-dht.ts'
import { signValue } from '../../src/secure/secure-value.ts'
import { identityOf } from '../support/secure-kit.ts'
import { VirtualSecureNetwork } from '../support/secure-network.ts'

const MINUTE = 60_000
const KEY = 'a register'

const textOf = ({ data }: { data: Uint8Array | undefined }): string =>
  data === undefined ? 'nothing' : new TextDecoder().decode(data)

async function setUp(seed: number) {
  const network = new VirtualSecureNetwork(seed)
  network.addServers(12)
  const identity = await identityOf('owner')
  const writer = (): SecureDht => network.add({ identity, publishCertificate: false })
  const [first, second, reader] = [writer(), writer(), network.add()]
  network.net.join()
  const owner = identity.id
  return { network, first, second, reader, owner }
}

function watch(node: SecureDht, owner: InfoHash): RegisterState[] {
  const states: RegisterState[] = []
  void (async () => {
    for await (const state of node.register(KEY, { owner }).watch()) states.push(state)
  })()
  return states
}

describe('registers in the course of time', () => {
  it('stay as long as a writer runs, and expire when none does', async () => {
    const { network, first, reader, owner } = await setUp(31)
    const states = watch(reader, owner)
    await network.wait(first.register(KEY).set('kept'))
    await network.run(35 * MINUTE)
    const register = reader.register(KEY, { owner })
    assert.equal(textOf((await network.wait(register.get()))!), 'kept')
    assert.deepEqual(states.map(textOf), ['kept'])
    network.nodeOf(first).isDown = true
    await network.run(12 * MINUTE)
    assert.equal(await network.wait(register.get()), undefined)
    assert.deepEqual(states.map(textOf), ['kept', 'nothing'])
  })

  it('live on in the hands of another writer of the same owner', async () => {
    const { network, first, second, reader, owner } = await setUp(32)
    await network.wait(first.register(KEY).set('by the first'))
    const states = watch(reader, owner)
    await network.wait(second.register(KEY).set('by the second'))
    await network.run(MINUTE)
    network.nodeOf(second).isDown = true
    await network.run(25 * MINUTE)
    const state = await network.wait(reader.register(KEY, { owner }).get())
    assert.equal(textOf(state!), 'by the second')
    assert.deepEqual(states.map(textOf), ['by the first', 'by the second'])
  })

  it('stay deleted when a writer that was cut off comes back', async () => {
    const { network, first, second, reader, owner } = await setUp(33)
    const states = watch(reader, owner)
    await network.wait(first.register(KEY).set('one'))
    await network.wait(second.register(KEY).set('two'))
    await network.run(5000)
    const away = network.nodeOf(second).address
    network.net.carries = (from, to) => !from.equals(away) && !to.equals(away)
    await network.wait(first.register(KEY).delete())
    await network.run(15 * MINUTE)
    assert.deepEqual(states.map(textOf), ['one', 'two', 'nothing'])
    network.net.carries = undefined
    await network.run(20 * MINUTE)
    const state = await network.wait(reader.register(KEY, { owner }).get())
    assert.equal(state, undefined)
  })

  it('go on counting beyond the range of sequence numbers', async () => {
    const { network, first, reader, owner } = await setUp(34)
    const register = first.register(KEY)
    await network.wait(register.set('first'))
    // As if it had been set 65,534 times more.
    const last = new Value({
      seq: 0xffff,
      userType: 'register',
      data: packState(0xffff, undefined),
    })
    const signed = await signValue(last, (await identityOf('owner')).privateKey!)
    await network.wait(first.put(KEY, signed))
    await network.run(1000)
    const { revision } = await network.wait(register.set('next'))
    assert.equal(revision, 65_536)
    const found = await network.wait(reader.register(KEY, { owner }).get())
    assert.deepEqual([found!.revision, textOf(found!)], [65_536, 'next'])
    assert.equal((await network.wait(register.set('one more'))).revision, 65_537)
  })

  it('are settled among writers that were apart from each other', async () => {
    const { network, first, second, reader, owner } = await setUp(35)
    const states = watch(reader, owner)
    await network.wait(Promise.all([first.register(KEY).set('a'), second.register(KEY).set('b')]))
    await network.run(MINUTE)
    const found = await Promise.all(
      [first, second, reader].map((node) => network.wait(node.register(KEY, { owner }).get())),
    )
    assert.equal(new Set(found.map((state) => textOf(state!))).size, 1)
    assert.deepEqual(states.at(-1), found[0])
  })

  it('are not brought back by a write that could not be stored', async () => {
    const { network, first, reader, owner } = await setUp(36)
    const register = first.register(KEY)
    await network.wait(register.set('v0'))
    await assert.rejects(network.wait(register.set(new Uint8Array(100_000))), RangeError)
    assert.equal((await network.wait(register.set('v2'))).revision, 1)
    await network.wait(register.delete())
    register.release()
    await network.run(15 * MINUTE)
    assert.equal(await network.wait(reader.register(KEY, { owner }).get()), undefined)
    assert.deepEqual(first.pendingPuts(KEY), [])
  })

  it('begin anew above a deletion of long ago, as long as its writer runs', async () => {
    const { network, first, second, reader, owner } = await setUp(37)
    await network.wait(first.register(KEY).set('old life'))
    await network.wait(first.register(KEY).delete())
    await network.run(25 * MINUTE)
    assert.equal((await network.wait(second.register(KEY).set('new life'))).revision, 2)
    await network.run(25 * MINUTE)
    const state = await network.wait(reader.register(KEY, { owner }).get())
    assert.equal(textOf(state!), 'new life')
  })

  it('keep nothing of a write that was under way when they were released', async () => {
    const { network, first, reader, owner } = await setUp(38)
    const register = first.register(KEY)
    const writing = register.set('too late')
    await network.until(() => first.pendingPuts(KEY).length > 0)
    register.release()
    await assert.rejects(network.wait(writing), { name: 'AbortError' })
    await network.run(15 * MINUTE)
    assert.deepEqual(first.pendingPuts(KEY), [])
    assert.equal(await network.wait(reader.register(KEY, { owner }).get()), undefined)
    assert.equal((await network.wait(register.set('again'))).revision, 0)
  })

  it('leave an aborted write undone that had to wait, and finish one that had begun', async () => {
    const { network, first, reader, owner } = await setUp(39)
    const register = first.register(KEY)
    await network.wait(register.set('v0'))
    const { signal, abort } = aborter()
    const begun = register.set('v1', { signal })
    const waiting = register.set('v2', { signal })
    const outcomes = Promise.allSettled([begun, waiting])
    await network.until(() => first.pendingPuts(KEY).some((value) => value.seq === 1))
    abort()
    for (const outcome of await network.wait(outcomes)) {
      assert.equal(outcome.status === 'rejected' && outcome.reason.name, 'AbortError')
    }
    await network.run(MINUTE)
    const state = await network.wait(reader.register(KEY, { owner }).get())
    assert.deepEqual([state!.revision, textOf(state!)], [1, 'v1'])
    assert.equal((await network.wait(register.set('v3'))).revision, 2)
  })

  it('are not written by a node that cannot read them first', async () => {
    const { network, first, second, reader, owner } = await setUp(40)
    await network.wait(first.register(KEY).set('known'))
    const { address } = network.nodeOf(second)
    network.net.carries = (from, to) => !from.equals(address) && !to.equals(address)
    await network.run(2 * MINUTE)
    await assert.rejects(network.wait(second.register(KEY).set('blind'), 5 * MINUTE), {
      name: 'DhtError',
    })
    assert.deepEqual(second.pendingPuts(KEY), [])
    network.net.carries = undefined
    await network.run(5 * MINUTE)
    assert.equal((await network.wait(second.register(KEY).set('seeing'))).revision, 1)
    const state = await network.wait(reader.register(KEY, { owner }).get())
    assert.equal(textOf(state!), 'seeing')
  })
})

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
