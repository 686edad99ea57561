// SPDX-License-Identifier: MIT
// A proxy of a subject in a network of its own, and the clients that put it under load.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, stopChild } from '../../test/support/child.ts'
import type { Row, Subject } from './benchmark.ts'
import { BENCH, type Context } from './context.ts'
import { type DriverOptions, Program, startDriver } from './program.ts'

const SOURCE = join(BENCH, 'cpp/httpload.c')
const PROGRAM = join(BENCH, 'build/httpload')
const START_TIMEOUT_MS = 60_000
const GRACE_MS = 5000
/** Nodes besides that of the proxy; always ours, so that both proxies have the same network. */
const OTHERS = 7
const OURS: Subject = { name: 'ours', kind: 'ours' }

interface Running {
  readonly pid: number
  readonly port: number
  /** Resident memory, on our side after a garbage collection. */
  memoryKb(): Promise<number>
  stop(): Promise<void>
}

export class ProxyUnderTest implements AsyncDisposable {
  readonly #network: Program
  readonly #proxy: Running

  private constructor(network: Program, proxy: Running) {
    this.#network = network
    this.#proxy = proxy
  }

  /** Resolves when the proxy's node knows the other nodes. */
  static async start(subject: Subject, context: Context): Promise<ProxyUnderTest> {
    buildHttpLoad()
    const network = startDriver(OURS, 'proxy-network', { nodes: OTHERS }, context)
    try {
      const { port } = await network.expect(START_TIMEOUT_MS)
      const start = subject.kind === 'cpp' ? startCpp : startOurs
      const proxy = await start(Number(port), subject, context)
      return new ProxyUnderTest(network, proxy)
    } catch (error) {
      await network.stop()
      throw error
    }
  }

  /** Clients until they end. */
  async load(kind: string, connections: number, options: DriverOptions): Promise<Row> {
    const program = this.clients(kind, connections, options)
    try {
      return await program.expect(START_TIMEOUT_MS)
    } finally {
      await program.stop()
    }
  }

  /** Of kind `listen`, they wait for what is to be put, line by line. */
  clients(kind: string, connections: number, options: DriverOptions): Program {
    const all = { pid: this.#proxy.pid, ...options }
    const args = Object.entries(all).map(([name, value]) => `${name}=${value}`)
    const command = [PROGRAM, '127.0.0.1', `${this.#proxy.port}`, kind, `${connections}`]
    return new Program([...command, ...args], 'httpload')
  }

  get port(): number {
    return this.#proxy.port
  }

  async memoryMb(): Promise<number> {
    return (await this.#proxy.memoryKb()) / 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy.stop()
    await this.#network.stop()
  }
}

async function startOurs(bootstrap: number, subject: Subject, context: Context): Promise<Running> {
  const program = startDriver(subject, 'proxy', { bootstrap }, context)
  const { port } = await program.expect(START_TIMEOUT_MS)
  const memoryKb = async (): Promise<number> => {
    program.send('memory')
    return Number((await program.expect(START_TIMEOUT_MS))['rssKb'])
  }
  return { pid: program.pid, port: Number(port), memoryKb, stop: () => program.stop() }
}

/** Debian's dhtnode, as an operator starts it. */
async function startCpp(bootstrap: number): Promise<Running> {
  const port = await freePort()
  const network = ['-b', `127.0.0.1:${bootstrap}`, '-p', `${await freePort()}`]
  const child = startChild(['dhtnode', '-s', ...network, '--proxyserver', `${port}`])
  const stop = () => {
    const stopped = stopChild(child, GRACE_MS)
    child.kill('SIGTERM')
    return stopped
  }
  const end = performance.now() + START_TIMEOUT_MS
  while (!(await isConnected(port))) {
    if (performance.now() < end) {
      await sleep(500)
      continue
    }
    await stop()
    throw new Error('the C++ proxy did not join the network')
  }
  const memoryKb = async (): Promise<number> => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1])
  }
  return { pid: child.pid!, port, memoryKb, stop }
}

/** What it says of itself is up to two minutes old: a get that ends is the proof. */
async function isConnected(port: number): Promise<boolean> {
  const url = `http://127.0.0.1:${port}/key/some-key`
  const put = { method: 'POST', body: '{"data":"aGVsbG8="}', signal: AbortSignal.timeout(5000) }
  const response = await fetch(url, put).catch(() => undefined)
  return response?.status === 200
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function buildHttpLoad(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs >= statSync(SOURCE).mtimeMs) return
  mkdirSync(dirname(PROGRAM), { recursive: true })
  execFileSync('cc', ['-O2', '-o', PROGRAM, SOURCE])
}
