// SPDX-License-Identifier: MIT
// A proxy server over two real nodes on loopback, and clients that send bytes as they are.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { RunnerOptions } from '../../src/nodejs/runner-options.ts'
import { ProxyServer, type ProxyServerOptions } from '../../src/proxy/server/proxy-server.ts'
import { randomNetwork } from './interop-kit.ts'

export interface ProxyNetwork {
  /** The node behind the proxy. */
  readonly node: DhtRunner
  /** The other node of the network. */
  readonly peer: DhtRunner
  readonly proxy: ProxyServer
  /** Closes all three. */
  close(): Promise<void>
}

export async function startProxy(
  options: ProxyServerOptions = {},
  nodeOptions: RunnerOptions = {},
): Promise<ProxyNetwork> {
  const place = { port: 0, bind4: '127.0.0.1', bind6: false, network: randomNetwork() } as const
  const peer = await DhtRunner.start(place)
  const bootstrap = [`127.0.0.1:${peer.port4}`]
  const node = await DhtRunner.start({ ...place, ...nodeOptions, bootstrap })
  const patience = AbortSignal.timeout(10_000)
  await Promise.all([node, peer].map((it) => it.whenConnected({ signal: patience })))
  const closeNodes = () => Promise.all([node.close(), peer.close()])
  try {
    const proxy = await ProxyServer.start(node, { port: 0, address: '127.0.0.1', ...options })
    const close = async (): Promise<void> => {
      await proxy.close()
      await closeNodes()
    }
    return { node, peer, proxy, close }
  } catch (error) {
    await closeNodes()
    throw error
  }
}

/** A connection whose bytes are written and read as they are. */
export class RawClient {
  readonly socket: Socket
  text = ''
  /** How the server ended it: undefined while it is open. */
  ending: 'fin' | 'reset' | undefined
  #wake = (): void => {}

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
      this.#wake()
    })
    this.socket.on('end', () => this.#end('fin'))
    this.socket.on('error', () => this.#end('reset'))
    this.socket.on('close', () => this.#end('fin'))
  }

  send(bytes: string): void {
    this.socket.write(Buffer.from(bytes, 'latin1'))
  }

  /** Waits until what came satisfies `isEnough`. */
  async until(isEnough: (text: string) => boolean, ms = 10_000): Promise<string> {
    return this.#wait(() => isEnough(this.text), ms)
  }

  async untilEnd(ms = 10_000): Promise<string> {
    return this.#wait(() => this.ending !== undefined, ms)
  }

  close(): void {
    this.socket.destroy()
  }

  async #wait(isDone: () => boolean, ms: number): Promise<string> {
    const end = Date.now() + ms
    while (!isDone()) {
      const leftMs = end - Date.now()
      assert.ok(leftMs > 0, `waited for more than ${JSON.stringify(this.text)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 100))
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.text
  }

  #end(how: 'fin' | 'reset'): void {
    this.ending ??= how
    this.#wake()
  }
}

export interface RawReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Chunks are put together. */
  readonly body: string
  readonly isChunked: boolean
}

/** The replies in what a connection received; the last may be incomplete and is left out then. */
export function repliesIn(text: string, isHead = false): RawReply[] {
  const replies: RawReply[] = []
  let rest = text
  for (;;) {
    const read = readReply(rest, isHead)
    if (read === undefined) return replies
    if (read.reply.status !== 100) replies.push(read.reply)
    rest = rest.slice(read.length)
  }
}

function readReply(text: string, isHead: boolean): { reply: RawReply; length: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const status = Number(first.split(' ')[1])
  const pairs = lines.map((line) => /^([^:]+): ?(.*)$/.exec(line)!.slice(1) as [string, string])
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]))
  const start = headEnd + 4
  if (headers['transfer-encoding'] === 'chunked') {
    const chunks = readChunks(text, start)
    if (chunks === undefined) return undefined
    return { reply: { status, headers, body: chunks.body, isChunked: true }, length: chunks.end }
  }
  const hasBody = status !== 100 && !isHead
  const length = !hasBody ? 0 : Number(headers['content-length'] ?? text.length - start)
  if (text.length < start + length) return undefined
  const body = text.slice(start, start + length)
  return { reply: { status, headers, body, isChunked: false }, length: start + length }
}

function readChunks(text: string, start: number): { body: string; end: number } | undefined {
  let body = ''
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (text.length < end) return undefined
    if (size === 0) return { body, end }
    body += text.slice(lineEnd + 2, end - 2)
    at = end
  }
}

/** The replies to one request, or several, over a connection of its own. */
export async function rawRequest(port: number, request: string, count = 1): Promise<RawReply[]> {
  const client = new RawClient(port)
  const isHead = request.startsWith('HEAD')
  try {
    client.send(request)
    const isDone = (text: string): boolean => repliesIn(text, isHead).length >= count
    await client.until((text) => isDone(text) || client.ending !== undefined)
    return repliesIn(client.text, isHead)
  } finally {
    client.close()
  }
}
