// SPDX-License-Identifier: MIT
// A node with a state file and a proxy is killed again and again, at random moments: while it
// starts, while clients store and remove things, while it saves. What it acknowledged is there, and
// no file is ever damaged. KILLS sets how often.
// test-timeout-s: 3600

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { packState, unpackState } from '../../src/core/storage/state.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { EmbeddedStore } from '../../src/proxy/server/store/embedded-store.ts'
import { putId, subscriptionId } from '../../src/proxy/server/store/records.ts'
import { SqliteDatabase } from '../../src/proxy/server/store/sqlite-database.ts'
import { startChild } from '../support/child.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { RememberingHolder } from '../support/record-samples.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const KILLS = Number(process.env['KILLS'] ?? 10)
const SEED = Number(process.env['KILL_SEED'] ?? randomInt(2 ** 31))
const PROGRAM = new URL('../support/proxy-program.ts', import.meta.url).pathname
/** Clients that store and remove at the same time. */
const CLIENTS = 8
/** Answers after which it is killed, at most; and then a moment later. */
const MAX_ANSWERS = 40
const MAX_MOMENT_MS = 20
/** Of a life that ends before the first answer. */
const MAX_START_MS = 400

/** What clients were told; a request that was under way may have been done or not. */
class Acknowledged {
  readonly there = new Set<string>()
  readonly gone = new Set<string>()

  uncertain(id: string): void {
    this.there.delete(id)
    this.gone.delete(id)
  }

  async check(path: string, when: string): Promise<void> {
    if (!existsSync(path)) return assert.equal(this.there.size, 0, when)
    const store = new EmbeddedStore(await SqliteDatabase.open(path))
    const { held } = await openWith(store)
    await store.close()
    assert.equal(store.counters.damaged, 0, when)
    for (const id of this.there) assert.ok(held.has(id), `${id} is missing ${when}`)
    for (const id of this.gone) assert.ok(!held.has(id), `${id} came back ${when}`)
  }
}

suite('A node that is killed at any moment', () => {
  test(`has what it acknowledged, ${KILLS} times`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'opendht-anytime-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const network = randomNetwork()
    await using gateway = await PushStub.start()
    await using peer = await DhtRunner.start({
      port: 0,
      bind4: '127.0.0.1',
      bind6: false,
      network,
    })
    const [store, state] = [join(folder, 'proxy.sqlite'), join(folder, 'state')]
    const args = [`127.0.0.1:${peer.port4}`, `${network}`, store, gateway.host, state]
    const random = new SeededRandom(SEED)
    const acknowledged = new Acknowledged()
    let savedId: InfoHash | undefined
    for (let kill = 1; kill <= KILLS; kill++) {
      const when = `after kill ${kill} of seed ${SEED}`
      const isShort = kill % 4 === 0
      const maxAnswers = isShort ? 0 : 1 + (random.uint32() % MAX_ANSWERS)
      const program = { command: [process.execPath, '--no-warnings', PROGRAM, ...args], maxAnswers }
      await live(program, acknowledged, random)
      await acknowledged.check(store, when)
      const id = checkState(state, when)
      assert.ok(savedId === undefined || id?.equals(savedId), `another id ${when}`)
      savedId = id
      const files = readdirSync(folder).filter((name) => name.includes('corrupt'))
      assert.deepEqual(files, [], when)
    }
    const { there, gone } = acknowledged
    t.diagnostic(`seed ${SEED}: ${there.size} records there, ${gone.size} removed`)
    assert.ok(there.size + gone.size > 0 && savedId !== undefined)
  })
})

/** Starts the program, uses it until it gave so many answers, and kills it. */
async function live(
  { command, maxAnswers }: { command: string[]; maxAnswers: number },
  acknowledged: Acknowledged,
  random: SeededRandom,
): Promise<void> {
  const child = startChild(command)
  const complaints: string[] = []
  child.stderr.on('data', (text) => complaints.push(`${text}`))
  const ended = once(child, 'close')
  if (maxAnswers > 0) {
    const lines = createInterface({ input: child.stdout })
    const [port] = await Promise.race([once(lines, 'line'), ended])
    assert.match(`${port}`, /^\d+$/, complaints.join(''))
    let left = maxAnswers
    const momentMs = random.uint32() % MAX_MOMENT_MS
    const onAnswer = (): void => {
      if (--left === 0) setTimeout(() => child.kill('SIGKILL'), momentMs)
    }
    const url = `http://127.0.0.1:${port}`
    const clients = Array.from({ length: CLIENTS }, () => new SeededRandom(random.uint32()))
    await Promise.all(clients.map((it) => beClient({ url, onAnswer }, acknowledged, it)))
  } else {
    await sleep(random.uint32() % MAX_START_MS)
    child.kill('SIGKILL')
  }
  await ended
  assert.deepEqual(complaints, [])
}

/** Until the proxy is gone. */
async function beClient(
  { url, onAnswer }: { url: string; onAnswer: () => void },
  acknowledged: Acknowledged,
  random: SeededRandom,
): Promise<void> {
  const key = InfoHash.get(`client ${random.uint32()}`)
  const ask = async (init: RequestInit): Promise<boolean> => {
    const { ok } = await fetch(`${url}/key/${key}`, init)
    onAnswer()
    return ok
  }
  for (let n = 1; ; n++) {
    const isPut = random.chance(0.5)
    const token = `token ${n}`
    const id = isPut ? putId(key, BigInt(n)) : subscriptionId(key, token, 'app')
    const device = { key: token, client_id: 'app' }
    const put = { id: `${n}`, data: 'dg==' }
    const [add, remove] = isPut
      ? [request('POST', { ...put, permanent: true }), request('POST', { ...put, data: 'eA==' })]
      : [request('SUBSCRIBE', device), request('UNSUBSCRIBE', device)]
    try {
      if (!(await ask(add))) continue
      acknowledged.there.add(id)
      if (!random.chance(0.3)) continue
      acknowledged.uncertain(id)
      if (await ask(remove)) acknowledged.gone.add(id)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return
    }
  }
}

function request(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body) }
}

/** Id of the node; undefined when it was killed before it first saved. */
function checkState(path: string, when: string): InfoHash | undefined {
  if (!existsSync(path)) return undefined
  const bytes = new Uint8Array(readFileSync(path))
  const state = unpackState(bytes)
  assert.deepEqual(packState(state), bytes, `the state is not whole ${when}`)
  assert.match(readFileSync(`${path}_port.txt`, 'latin1'), /^\d+\n\d+\n$/, when)
  return state.id
}

async function openWith(store: EmbeddedStore): Promise<RememberingHolder> {
  const holder = new RememberingHolder()
  await store.open(holder)
  return holder
}
