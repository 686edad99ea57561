// SPDX-License-Identifier: MIT
// A proxy that is killed at any moment has what it answered with 200 when it is started again.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { startChild } from '../support/child.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { PushStub } from '../support/push-stub.ts'

const COUNT = 1000
/** Of each kind, where the proxy is killed in the middle. */
const FEW = 100
/** Of the permanent puts, one in so many is asked for; there are as many as there have to be. */
const SAMPLE = 10
/** Requests under way at a time. */
const PARALLEL = 32
const PROGRAM = new URL('../support/proxy-program.ts', import.meta.url).pathname

interface Running {
  readonly child: ChildProcess
  readonly url: string
}

suite('a proxy that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'opendht-killed-'))
  const network = randomNetwork()
  let peer: DhtRunner
  let gateway: PushStub

  before(async () => {
    peer = await DhtRunner.start({ port: 0, bind4: '127.0.0.1', bind6: false, network })
    gateway = await PushStub.start()
  })
  after(async () => {
    await peer.close()
    await gateway[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  async function start(state: string): Promise<Running> {
    const args = [`127.0.0.1:${peer.port4}`, `${network}`, join(folder, state), gateway.host]
    const child = startChild([process.execPath, PROGRAM, ...args])
    child.stderr.pipe(process.stderr)
    const lines = createInterface({ input: child.stdout })
    const [port] = await Promise.race([once(lines, 'line'), once(child, 'exit')])
    return { child, url: `http://127.0.0.1:${port}` }
  }

  async function kill({ child }: Running): Promise<void> {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Keys and value ids of what was answered with 200; `onAnswer` hears how many there are. */
  async function fill({ url }: Running, count: number, onAnswer = (_count: number): void => {}) {
    const done = { puts: new Map<string, string>(), subscriptions: new Set<string>() }
    await inParallel(count, async (n) => {
      const permanent = { key: 'token', client_id: `put ${n}` }
      const body = JSON.stringify({ data: 'dg==', permanent })
      const put = await fetch(`${url}/key/put${n}`, { method: 'POST', body })
      if (put.status === 200) done.puts.set(`put${n}`, await idOf(put))
      if ((await subscribe(url, n)).status === 200) done.subscriptions.add(`key${n}`)
      onAnswer(done.puts.size + done.subscriptions.size)
    })
    return done
  }

  function subscribe(url: string, n: number): Promise<Response> {
    const body = JSON.stringify({ key: `token ${n}`, client_id: 'app', refresh: true })
    return fetch(`${url}/key/key${n}`, { method: 'SUBSCRIBE', body })
  }

  async function check({ url }: Running, done: Awaited<ReturnType<typeof fill>>): Promise<void> {
    const reply = await fetch(`${url}/node/stats`)
    const { totalPermanentPuts } = (await reply.json()) as { totalPermanentPuts: number }
    assert(totalPermanentPuts >= done.puts.size, `${totalPermanentPuts} permanent puts`)
    await inParallel(COUNT, async (n) => {
      const id = done.puts.get(`put${n}`)
      if (id !== undefined && n % SAMPLE === 0) {
        // The same put again has the id it had.
        const permanent = { key: 'token', client_id: `put ${n}` }
        const body = JSON.stringify({ data: 'dg==', permanent })
        const put = await fetch(`${url}/key/put${n}`, { method: 'POST', body })
        assert.equal(await idOf(put), id)
      }
      if (!done.subscriptions.has(`key${n}`)) return
      // Only a known one is answered in chunks.
      const { headers } = await subscribe(url, n)
      assert.equal(headers.get('transfer-encoding'), 'chunked', `subscription ${n}`)
    })
  }

  test('has 1,000 permanent puts and 1,000 subscriptions, which work', async () => {
    const first = await start('whole')
    const done = await fill(first, COUNT)
    assert.deepEqual([done.puts.size, done.subscriptions.size], [COUNT, COUNT])
    await kill(first)
    const second = await start('whole')
    await check(second, done)
    const before = gateway.requests.length
    await peer.put('key7', { id: 7n, data: Uint8Array.of(1) })
    await gateway.received(before + 1)
    const item = gateway.items.find(({ tokens }) => (tokens as string[])[0] === 'token 7')!
    assert.equal((item['data'] as { ids: string }).ids, '7')
    await kill(second)
  })

  for (const share of [0.1, 0.6]) {
    test(`while requests come in, after ${share * 100} % of them`, async () => {
      const first = await start(`part ${share}`)
      const done = await fill(first, FEW, (count) => {
        if (count >= share * 2 * FEW && !first.child.killed) first.child.kill('SIGKILL')
      })
      assert(done.puts.size < FEW && done.puts.size + done.subscriptions.size > 0)
      const second = await start(`part ${share}`)
      await check(second, done)
      await kill(second)
    })
  }
})

async function idOf(reply: Response): Promise<string> {
  return ((await reply.json()) as { id: string }).id
}

/** For each number below `count`; what fails since the proxy is gone ends nothing. */
async function inParallel(count: number, action: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      try {
        await action(next++)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
}
