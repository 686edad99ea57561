// SPDX-License-Identifier: MIT
// A disk that is full, became read-only or fails: the node and its proxy report it and go on
// serving, refuse what they cannot keep, and save again when the disk does.
// test-timeout-s: 900

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, type TestContext, test } from 'node:test'
import { unpackState } from '../../src/core/storage/state.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { startChild } from '../support/child.ts'
import { type DiskFault, DiskShim, diskShimAvailable } from '../support/disk-shim.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { poll } from '../support/watch.ts'

const PROGRAM = new URL('../support/proxy-program.ts', import.meta.url).pathname
const TIMEOUT_MS = 120_000

suite('A disk that fails', { skip: diskShimAvailable() }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'opendht-faults-'))
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
    rmSync(scratch, { recursive: true })
  })

  async function start(t: TestContext, shim: DiskShim) {
    const { folder, env } = shim
    const [store, state] = [join(folder, 'proxy.sqlite'), join(folder, 'state')]
    const args = [`127.0.0.1:${peer.port4}`, `${network}`, store, gateway.host, state]
    const child = startChild([process.execPath, '--no-warnings', PROGRAM, ...args], { env })
    t.after(() => child.kill('SIGKILL'))
    const complaints: string[] = []
    child.stderr.on('data', (text) => complaints.push(`${text}`))
    const ended = once(child, 'close')
    const lines = createInterface({ input: child.stdout })
    const [port] = await Promise.race([once(lines, 'line'), ended])
    assert.match(`${port}`, /^\d+$/, complaints.join(''))
    const url = `http://127.0.0.1:${port}`
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL')
      await ended
    }
    return { url, kill, said: () => complaints.join('') }
  }

  function place(name: string): DiskShim {
    const shim = new DiskShim(join(scratch, name))
    mkdirSync(shim.folder)
    return shim
  }

  for (const fault of ['ENOSPC', 'EROFS', 'EIO'] as const) {
    test(`with ${fault} while the node works, and when it starts again`, async (t) => {
      const shim = place(fault)
      const first = await start(t, shim)
      assert.equal(await put(first.url, 1, true), 200)
      const savedId = () =>
        `${unpackState(new Uint8Array(readFileSync(join(shim.folder, 'state')))).id}`
      await poll(() => hasState(shim.folder), TIMEOUT_MS, 'the first state')
      const before = savedId()

      shim.fail(fault)
      assert.equal(await put(first.url, 2, true), 503)
      assert.equal(await put(first.url, 3, false), 200, 'what is not to be kept')
      // The state has another value now, and has to be written.
      await poll(() => hasReported(first.said(), fault), TIMEOUT_MS, 'a report')

      shim.fail(undefined)
      await poll(async () => (await put(first.url, 4, true)) === 200, TIMEOUT_MS, 'recovery')
      await first.kill()

      // A store that cannot even be opened is an error; what is there can be read when it is full.
      if (fault === 'ENOSPC') shim.fail(fault)
      const second = await start(t, shim)
      assert.equal(await permanentPuts(second.url), 2)
      if (fault === 'ENOSPC') {
        await poll(() => hasReported(second.said(), fault), TIMEOUT_MS, 'a report')
        assert.equal(await put(second.url, 5, true), 503)
        shim.fail(undefined)
      }
      await poll(async () => (await put(second.url, 6, true)) === 200, TIMEOUT_MS, 'saving again')
      assert.equal(savedId(), before, 'the id of the node')
      await second.kill()
    })
  }

  test('a node starts with its state where nothing can be written', async (t) => {
    const shim = place('readonly')
    const statePath = join(shim.folder, 'state')
    const options = { port: 0, bind4: '127.0.0.1', bind6: false, network, statePath } as const
    const first = await DhtRunner.start(options)
    await first.close()
    // Not for root, who may write anywhere; a folder in the place of the temporary file does it.
    mkdirSync(`${statePath}.tmp`)
    mkdirSync(`${statePath}_port.txt.tmp`)
    chmodSync(shim.folder, 0o500)
    t.after(() => chmodSync(shim.folder, 0o700))
    const lines: string[] = []
    const write = (level: string, text: string): void => void lines.push(`${level} ${text}`)
    const second = await DhtRunner.start({ ...options, log: { enabled: () => true, write } })
    assert.ok(second.id.equals(first.id))
    assert.match(lines.join('\n'), /warning Cannot write the state file ".*_port\.txt": E/)
    await assert.rejects(second.close(), { code: 'ERR_DHT_STATE' })
    chmodSync(shim.folder, 0o700)
  })
})

function hasState(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'state')).length > 0
  } catch {
    return false
  }
}

function hasReported(said: string, fault: DiskFault): boolean {
  return said.includes(`Cannot write the state file`) && said.includes(fault)
}

async function put(url: string, n: number, isPermanent: boolean): Promise<number> {
  const permanent = isPermanent ? { permanent: true } : {}
  const body = JSON.stringify({ id: `${n}`, data: 'dg==', ...permanent })
  const reply = await fetch(`${url}/key/put${n}`, { method: 'POST', body })
  await reply.text()
  return reply.status
}

async function permanentPuts(url: string): Promise<number> {
  const reply = await fetch(`${url}/node/stats`)
  return ((await reply.json()) as { totalPermanentPuts: number }).totalPermanentPuts
}
