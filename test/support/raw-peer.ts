// SPDX-License-Identifier: MIT
// A scripted UDP peer: sends any message or bytes to a node and looks at what comes back. It uses
// a MessagePack library of its own, so that our codec is not checked against itself.

import { randomBytes, randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { decode, encode } from '@msgpack/msgpack'
import { Watch } from './watch.ts'

/** Objects have text keys; a Map may have any, such as the integers of fragments. */
export type Message = { [key: string]: unknown }

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface Datagram {
  /** Integers beyond 32 bits are bigint, integer keys text, `bin` is Uint8Array. */
  readonly message: Message
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** `performance.now()` on arrival. */
  readonly at: number
}

export interface RawPeerOptions {
  /** `127.0.0.1` by default; an IPv6 address makes an IPv6 socket. */
  readonly host?: string
  readonly port?: number
  readonly network?: number
  readonly id?: Uint8Array
  /** Gives the content of the reply (`r`) to a request, or undefined to be silent. */
  readonly answer?: (request: Datagram, peer: RawPeer) => Message | undefined
}

const DEFAULT_TIMEOUT_MS = 5000
const TOKEN = new Uint8Array(32).fill(7)

/** Encodes with the shortest integers, and Maps with their keys as they are. */
export function pack(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.concat(packParts(value)))
}

function packParts(value: unknown): Uint8Array[] {
  if (Array.isArray(value)) return [header(value.length, 0x90, 0xdc), ...value.flatMap(packParts)]
  if (typeof value === 'bigint' && value >= -(2n ** 31n) && value < 2n ** 32n) {
    return [encode(Number(value))]
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return [encode(value, { useBigInt64: true })]
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  const present = entries.filter(([, content]) => content !== undefined)
  return [header(present.length, 0x80, 0xde), ...present.flat().flatMap(packParts)]
}

function header(length: number, short: number, long: number): Uint8Array {
  return length < 16 ? Uint8Array.of(short | length) : Uint8Array.of(long, length >> 8, length)
}

export function unpack(bytes: Uint8Array): Message {
  return decode(bytes, {
    useBigInt64: true,
    mapKeyConverter: (key) => {
      if (typeof key === 'string' || typeof key === 'number') return key
      return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
    },
  }) as Message
}

/** The fragment datagrams that carry `value` (packed) as number `index` of message `t`. */
export function fragments(t: number, index: number, value: Uint8Array, network = 0): Message[] {
  const result: Message[] = []
  for (let offset = 0; offset < value.length; offset += 1280) {
    const piece = { o: offset, d: value.slice(offset, offset + 1280) }
    const envelope = network === 0 ? {} : { n: network }
    result.push({ ...envelope, y: 'p', t, p: new Map([[index, piece]]) })
  }
  return result
}

/** An address as in the `sa` of replies: 4 or 16 bytes. */
export function packAddress(host: string): Uint8Array {
  if (!isIPv6(host)) return Uint8Array.from(host.split('.'), Number)
  const [left = '', right] = host.split('%')[0]!.split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const missing = 8 - groups(left).length - groups(right).length
  const all = [...groups(left), ...Array<string>(missing).fill('0'), ...groups(right)]
  return Uint8Array.from(all.flatMap((group) => [Number(`0x${group}`) >> 8, Number(`0x${group}`)]))
}

/** Answers as an empty node: enough to be taken for a good one. For `RawPeerOptions.answer`. */
export function answerAsEmptyNode(request: Datagram): Message | undefined {
  if (request.message['q'] === 'ping') return {}
  if (request.message['q'] === 'find' || request.message['q'] === 'get') return { token: TOKEN }
  return undefined
}

export class RawPeer {
  readonly id: Uint8Array
  readonly network: number
  readonly received: Datagram[] = []
  /** Datagrams that are not MessagePack maps. */
  readonly unreadable: Uint8Array[] = []
  readonly host: string
  readonly port: number
  readonly #socket: Socket
  readonly #watch = new Watch()
  readonly #answer: RawPeerOptions['answer']

  private constructor(socket: Socket, options: RawPeerOptions) {
    this.#socket = socket
    this.#answer = options.answer
    this.id = options.id ?? new Uint8Array(randomBytes(20))
    this.network = options.network ?? 0
    this.host = socket.address().address
    this.port = socket.address().port
    socket.on('message', (bytes, { address, port }) => {
      this.#receive(new Uint8Array(bytes), { host: address, port })
    })
    socket.on('error', (error) => this.#watch.fail(error))
  }

  static async open(options: RawPeerOptions = {}): Promise<RawPeer> {
    const host = options.host ?? '127.0.0.1'
    const socket = createSocket(isIPv6(host) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(options.port ?? 0, host, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return new RawPeer(socket, options)
  }

  /** Sends bytes as they are, or a message exactly as given. */
  send(to: Endpoint, what: Uint8Array | Message): void {
    this.#socket.send(what instanceof Uint8Array ? what : pack(what), to.port, to.host)
  }

  /** A complete request: `query('ping')`, `query('find', { target })`. Own id unless given. */
  query(name: string, args: Message = {}): Message {
    return {
      a: { id: this.id, ...args },
      q: name,
      t: this.nextTransaction(),
      y: 'q',
      ...this.#base(),
    }
  }

  nextTransaction(): number {
    return randomInt(1, 2 ** 32)
  }

  /** Sends a request and returns the reply or error with its transaction id. */
  async request(to: Endpoint, message: Message, timeoutMs?: number): Promise<Datagram> {
    const first = this.received.length
    const complete =
      message['t'] === undefined ? { ...message, t: this.nextTransaction() } : message
    this.send(to, complete)
    return this.waitFor(
      ({ message, from }) =>
        from.host === to.host &&
        from.port === to.port &&
        message['t'] === complete['t'] &&
        (message['r'] !== undefined || message['e'] !== undefined),
      timeoutMs,
      first,
    )
  }

  /** True when nothing that fits arrives in time. */
  async isSilent(predicate: (datagram: Datagram) => boolean, timeMs: number): Promise<boolean> {
    const first = this.received.length
    await new Promise((resolve) => setTimeout(resolve, timeMs))
    return !this.received.slice(first).some(predicate)
  }

  /** Answers a request; `content` is `r` without id and address. */
  reply(to: Datagram, content: Message = {}): void {
    const r = { id: this.id, sa: packAddress(to.from.host), ...content }
    this.send(to.from, { r, t: to.message['t'], y: 'r', ...this.#base() })
  }

  /** The first datagram that fits, counted from `first` in `received`. */
  waitFor(
    predicate: (datagram: Datagram) => boolean,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    first = 0,
  ): Promise<Datagram> {
    return this.#watch.until(
      () => this.received.slice(first).find(predicate),
      timeoutMs,
      () => `the raw peer received ${this.received.length - first} other datagrams`,
    )
  }

  /** The first request of that name, counted from `first` in `received`. */
  waitForRequest(name: string, timeoutMs?: number, first?: number): Promise<Datagram> {
    return this.waitFor(({ message }) => message['q'] === name, timeoutMs, first)
  }

  async close(): Promise<void> {
    this.#watch.fail(new Error('raw peer closed'))
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #base(): Message {
    return this.network === 0 ? { v: 'test' } : { v: 'test', n: this.network }
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    let message: Message
    try {
      message = unpack(bytes)
    } catch {
      this.unreadable.push(bytes)
      return
    }
    const datagram = { message, bytes, from, at: performance.now() }
    this.received.push(datagram)
    this.#watch.notify()
    const content = message['q'] === undefined ? undefined : this.#answer?.(datagram, this)
    if (content !== undefined) this.reply(datagram, content)
  }
}
