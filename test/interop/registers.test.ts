// SPDX-License-Identifier: MIT
// Registers in networks where C++ nodes alone store values: our nodes write and watch as clients.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { Identity } from '../../src/crypto/identity.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { packState, type RegisterState } from '../../src/secure/register-state.ts'
import { toCpp } from '../support/certificate-families.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import { CppSecure } from '../support/cpp-secure.ts'
import { FAMILIES, hex, type InteropFamily, InteropNetwork, text } from '../support/interop-kit.ts'
import { identityOf } from '../support/secure-kit.ts'
import { Watch } from '../support/watch.ts'

const STORING = 9
const WRITERS = 3
const WATCHERS = 20
const WATCHING_NODES = 20
const ROUNDS = 8
const PATIENCE_MS = 20_000

let cpp: CppSecure
let identity: Identity

describe('registers', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    cpp = await CppSecure.start()
    identity = await identityOf('owner')
  })
  after(() => cpp?.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  let network: InteropNetwork
  let writers: DhtRunner[]
  let readers: DhtRunner[]

  before(async () => {
    network = await InteropNetwork.start(cpp.host, family, { count: STORING })
    const addClient = (options: object) => network.addNode({ clientMode: true, ...options })
    // Nodes that share an identity need ids of their own.
    writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, i) =>
        addClient({ identity, publishCertificate: false, id: InfoHash.get(`writer ${i}`) }),
      ),
    )
    readers = await Promise.all(Array.from({ length: WATCHING_NODES }, () => addClient({})))
  })
  after(() => network?.[Symbol.asyncDispose]())

  const watchAll = (key: string) =>
    Array.from({ length: WATCHERS }, (_, i) => {
      const node = readers[i % readers.length]!
      return new Watcher(node.register(key, { owner: identity.id }).watch())
    })

  test('all agree when three writers race, and hear of the end', async () => {
    const key = 'race'
    const watchers = [...watchAll(key), new Watcher(writers[1]!.register(key).watch())]
    const races = writers.map(async (writer, i) => {
      const register = writer.register(key)
      const states: RegisterState[] = []
      for (let round = 0; round < ROUNDS; round++) {
        states.push(await register.set(`writer ${i} round ${round}`))
      }
      return states
    })
    const [latest] = (await Promise.all(races)).flat().sort((a, b) => -compare(a, b))
    for (const watcher of watchers) {
      assert.deepEqual(await watcher.waitFor(latest!), latest)
      watcher.assertOrder()
    }
    for (const node of [...writers, ...readers]) {
      assert.deepEqual(await node.register(key, { owner: identity.id }).get(), latest)
    }

    // It has heard of the latest state: else this might be another one of the same revision.
    await writers[1]!.register(key).delete()
    const end = { revision: latest!.revision + 1, data: undefined }
    for (const watcher of watchers) await watcher.waitFor(end)
    for (const node of [...writers, ...readers]) {
      assert.equal(await node.register(key, { owner: identity.id }).get(), undefined)
    }
    for (const watcher of watchers) {
      assert.deepEqual(watcher.states.at(-1), end)
      watcher.assertOrder()
    }
  })

  test('C++ nodes alone store it, as signed values of the owner', async () => {
    const key = 'stored'
    const { revision } = await writers[0]!.register(key).set('one')
    const state = await writers[0]!.register(key).set('two')
    assert.equal(state.revision, revision + 1)
    for (const node of network.cpp) {
      const { values } = await node.get(hex(key))
      const expected = { owner: identity.id.toString(), userType: 'register', seq: state.revision }
      assert.partialDeepStrictEqual(values, [expected])
      assert.equal(values.length, 1)
    }
    for (const node of [...writers, ...readers]) {
      const { storage } = await node.stats()
      assert.equal(storage.remoteBytes, 0)
    }
  })

  test('who comes late begins with the present state', async () => {
    const key = 'late'
    const register = writers[0]!.register(key)
    await register.set('one')
    const two = await register.set('two')
    const watcher = new Watcher(readers[0]!.register(key, { owner: identity.id }).watch())
    const own = new Watcher(register.watch())
    await watcher.waitFor(two)
    // Another writer goes on from there, also after the end.
    const three = await writers[1]!.register(key).set('three')
    assert.equal(three.revision, two.revision + 1)
    await writers[2]!.register(key).delete()
    await own.waitFor({ revision: three.revision + 1, data: undefined })
    const five = await register.set('five')
    assert.equal(five.revision, three.revision + 2)
    await watcher.waitFor(five)
    assert.deepEqual(watcher.texts(), ['two', 'three', undefined, 'five'])
  })

  test('a C++ node of the owner writes it, too', async () => {
    const key = 'theirs'
    const nodeId = hex(`C++ writer ${family.name}`)
    const owner = await network.addCppStranger({ identity: await toCpp(identity), nodeId })
    await Promise.all(network.cpp.map((node) => node.meet(owner)))
    const watcher = new Watcher(readers[0]!.register(key, { owner: identity.id }).watch())
    const put = (state: string) =>
      owner.put(hex(key), packState(0, new Uint8Array(Buffer.from(state))), {
        id: 5n,
        userType: 'register',
        signed: true,
      })
    for (const [revision, state] of ['one', 'two', 'three'].entries()) {
      assert.ok((await put(state)).ok)
      await watcher.waitFor({ revision, data: new Uint8Array(Buffer.from(state)) })
    }
    const four = await writers[0]!.register(key).set('four')
    assert.equal(four.revision, 3)
    await watcher.waitFor(four)
    assert.deepEqual(watcher.texts(), ['one', 'two', 'three', 'four'])
  })

  test('what others put under the key is no state', async () => {
    const key = 'foreign'
    const stranger = await network.addCppStranger({ identity: 'stranger' })
    await Promise.all(network.cpp.map((node) => node.meet(stranger)))
    const watcher = new Watcher(readers[0]!.register(key, { owner: identity.id }).watch())
    const foreign = packState(9, new Uint8Array([1]))
    await stranger.put(hex(key), foreign, { userType: 'register', signed: true })
    await stranger.put(hex(key), foreign, { userType: 'register' })
    const state = await writers[0]!.register(key).set('mine')
    await stranger.put(hex(key), foreign, { userType: 'register', signed: true })
    const next = await writers[0]!.register(key).set('still mine')
    assert.deepEqual([state.revision, next.revision], [0, 1])
    await watcher.waitFor(next)
    assert.deepEqual(watcher.texts(), ['mine', 'still mine'])
    assert.deepEqual(await readers[1]!.register(key, { owner: identity.id }).get(), next)
  })
}

/** What a watch has yielded so far. */
class Watcher {
  readonly states: RegisterState[] = []
  readonly #watch = new Watch()

  constructor(states: AsyncIterable<RegisterState>) {
    this.#read(states).catch((error) => this.#watch.fail(error as Error))
  }

  waitFor(wanted: RegisterState): Promise<RegisterState> {
    return this.#watch.until(
      () => this.states.find((state) => compare(state, wanted) === 0),
      PATIENCE_MS,
      () => `the watcher saw ${this.texts().join(', ') || 'nothing'}`,
    )
  }

  /** Each state once, none behind a higher one. */
  assertOrder(): void {
    for (const [i, state] of this.states.slice(1).entries()) {
      assert.ok(compare(state, this.states[i]!) > 0)
    }
  }

  texts(): (string | undefined)[] {
    return this.states.map(({ data }) => data && text(data))
  }

  async #read(states: AsyncIterable<RegisterState>): Promise<void> {
    for await (const state of states) {
      this.states.push(state)
      this.#watch.notify()
    }
  }
}

/** In the order of registers. */
function compare(a: RegisterState, b: RegisterState): number {
  return a.revision - b.revision || Buffer.compare(packed(a), packed(b))
}

function packed({ revision, data }: RegisterState): Uint8Array {
  return packState(revision, data)
}
