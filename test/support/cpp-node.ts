// SPDX-License-Identifier: MIT
// Real C++ OpenDHT nodes (2.4.12) for interoperability tests. One CppHost is one driver process
// with any number of nodes in it: cpp_node.py, see there for the line protocol, or the one of
// cpp-secure.ts, which can do more.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ChildOptions, startChild, stopChild } from './child.ts'
import {
  type CppFamilyStats,
  type CppGetResult,
  type CppIdentity,
  type CppListenEvent,
  type CppNodeOptions,
  type CppPutOptions,
  type CppPutResult,
  type CppRemoteNode,
  toBase64,
  toValue,
  type WireValue,
} from './cpp-types.ts'
import { poll, Watch } from './watch.ts'

export type * from './cpp-types.ts'

const DRIVER = fileURLToPath(new URL('cpp_node.py', import.meta.url))
const REQUEST_TIMEOUT_MS = 60_000
const CLOSE_GRACE_MS = 2000

type Reply = Record<string, unknown>

export interface CppHostOptions extends ChildOptions {
  /** Another driver. */
  readonly command?: readonly string[]
}

interface Pending {
  readonly node: number | undefined
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** A driver process. Close it; the nodes in it end with it, without saying good-bye. */
export class CppHost {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Map<number, CppListener>()
  #nextId = 1
  #stderr = ''
  #ended: Error | undefined

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => this.#receive(JSON.parse(line)))
    child.once('error', (error) => this.#end(error))
    child.once('close', (code, signal) => {
      this.#end(new Error(`C++ host ended (${code ?? signal}): ${this.#stderr}`))
    })
  }

  static async start(options: CppHostOptions = {}): Promise<CppHost> {
    const { command = ['/usr/bin/python3', '-u', DRIVER], ...childOptions } = options
    const host = new CppHost(startChild(command, childOptions))
    await host.request('hello', undefined)
    return host
  }

  async createNode(options: CppNodeOptions = {}): Promise<CppNode> {
    const families = options.families ?? 'both'
    const ipv4 = families === 'ipv6' ? '' : (options.ipv4 ?? '127.0.0.1')
    const ipv6 = families === 'ipv4' ? '' : (options.ipv6 ?? '::1')
    const reply = await this.request('run', undefined, {
      ipv4,
      ipv6,
      port: options.port ?? 0,
      network: options.network ?? 0,
      node_id: options.nodeId,
      bootstrap_mode: options.bootstrapMode,
      maintain_storage: options.maintainStorage,
      rate_limit: options.rateLimit,
      identity: identityFields(options.identity),
      types: options.types,
    })
    return new CppNode(this, reply, { ipv4, ipv6 })
  }

  /**
   * Nodes that all know each other as good, as far as their tables have room. Left to themselves
   * after a bootstrap on one of them, sixteen nodes need about 20 seconds to get there.
   */
  async createCluster(count: number, options: CppNodeOptions = {}): Promise<CppNode[]> {
    const create = () => this.createNode(options)
    const nodes = await Promise.all(Array.from({ length: count }, create))
    await Promise.all(
      nodes.flatMap((node, i) => nodes.slice(i + 1).map((other) => node.meet(other))),
    )
    return nodes
  }

  /** Sends one request of the line protocol. */
  request(op: string, node: number | undefined, fields: object = {}): Promise<Reply> {
    return this.#send(this.#nextId++, op, node, fields)
  }

  async listen(node: number, key: string): Promise<CppListener> {
    const id = this.#nextId++
    const listener = new CppListener(() => this.request('cancel_listen', node, { sub: id }))
    this.#listeners.set(id, listener) // before the answer: the first event comes right behind it
    await this.#send(id, 'listen', node, { key })
    return listener
  }

  /** What is still asked of a node that has been stopped will never be answered. */
  abandon(node: number): void {
    for (const [id, pending] of this.#pending) {
      if (pending.node === node) this.#settle(id)?.reject(new Error('C++ node closed'))
    }
  }

  async close(): Promise<void> {
    this.#end(new Error('C++ host closed'))
    this.#child.stdin.end()
    await stopChild(this.#child, CLOSE_GRACE_MS)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #send(id: number, op: string, node: number | undefined, fields: object): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(id)?.reject(new Error(`C++ ${op}: nothing in ${REQUEST_TIMEOUT_MS} ms`)),
        REQUEST_TIMEOUT_MS,
      )
      const settle = (outcome: () => void) => {
        clearTimeout(timer)
        outcome()
      }
      this.#pending.set(id, {
        node,
        resolve: (reply) => settle(() => resolve(reply)),
        reject: (error) => settle(() => reject(error)),
      })
      this.#child.stdin.write(`${JSON.stringify({ id, op, node, ...fields })}\n`)
    })
  }

  #receive(message: Reply): void {
    if (message['event'] === 'listen') {
      this.#listeners.get(message['sub'] as number)?.push({
        value: toValue(message['value'] as WireValue),
        expired: message['expired'] as boolean,
        at: performance.now(),
      })
      return
    }
    const pending = this.#settle(message['id'] as number)
    if (message['error']) pending?.reject(new Error(`C++ host: ${message['error']}`))
    else pending?.resolve(message)
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(this.#ended)
    for (const listener of this.#listeners.values()) listener.end(this.#ended)
  }
}

/** One C++ node. All operations may run side by side. Keys are 40 hex digits. */
export class CppNode {
  readonly nodeId: string
  /** Key id (hex) of its identity, if it has one. */
  readonly keyId: string | null
  /** Its certificate with the chain, as PEM, if the driver tells it. */
  readonly certificate: string | undefined
  /** Where to reach it; empty without that family. */
  readonly ipv4: string
  readonly ipv6: string
  /** The first of the two that is not empty. */
  readonly host: string
  readonly port: number
  readonly port4: number
  readonly port6: number
  readonly #host: CppHost
  readonly #node: number
  readonly #family: 'ipv4' | 'ipv6'

  constructor(host: CppHost, reply: Reply, bound: { ipv4: string; ipv6: string }) {
    this.#host = host
    this.#node = reply['node'] as number
    this.ipv4 = bound.ipv4 === '0.0.0.0' ? '127.0.0.1' : bound.ipv4
    this.ipv6 = bound.ipv6 === '::' ? '::1' : bound.ipv6
    this.#family = bound.ipv4 ? 'ipv4' : 'ipv6'
    this.nodeId = reply['node_id'] as string
    this.keyId = reply['key_id'] as string | null
    this.certificate = reply['certificate'] as string | undefined
    this.port4 = reply['port4'] as number
    this.port6 = reply['port6'] as number
    this.host = this.ipv4 || this.ipv6
    this.port = this.port4 || this.port6
  }

  /** Only asks for it: see `waitForGoodNodes`. */
  async bootstrap(host: string, port: number): Promise<void> {
    await this.request('bootstrap', { host, port })
  }

  async ping(host: string, port: number): Promise<boolean> {
    return (await this.request('ping', { host, port }))['ok'] as boolean
  }

  /** Both ping the other over every family that they share, so that each is good for the other. */
  async meet(other: CppNode): Promise<void> {
    const pings: Promise<boolean>[] = []
    for (const family of ['ipv4', 'ipv6'] as const) {
      if (!this[family] || !other[family]) continue
      const port = family === 'ipv4' ? 'port4' : 'port6'
      pings.push(this.ping(other[family], other[port]), other.ping(this[family], this[port]))
    }
    const answers = await Promise.all(pings)
    if (!answers.every(Boolean)) throw new Error('C++ nodes do not reach each other')
  }

  async put(
    key: string,
    data: Uint8Array | string,
    options: CppPutOptions = {},
  ): Promise<CppPutResult> {
    const reply = await this.request('put', {
      key,
      data: toBase64(data),
      value_id: options.id?.toString(),
      type: options.type,
      user_type: options.userType,
      permanent: options.permanent,
      signed: options.signed,
      ...recipientFields(options.encryptFor),
    })
    return {
      ok: reply['ok'] as boolean,
      id: BigInt(reply['value_id'] as string),
      nodes: reply['nodes'] as CppRemoteNode[],
    }
  }

  async cancelPut(key: string, id: bigint): Promise<void> {
    await this.request('cancel_put', { key, value_id: id.toString() })
  }

  /** `where` such as `WHERE id=5`; a text that C++ cannot parse ends the host. */
  async get(key: string, where?: string): Promise<CppGetResult> {
    const reply = await this.request('get', { key, where })
    return {
      ok: reply['ok'] as boolean,
      values: (reply['values'] as WireValue[]).map(toValue),
      nodes: reply['nodes'] as CppRemoteNode[],
    }
  }

  listen(key: string): Promise<CppListener> {
    return this.#host.listen(this.#node, key)
  }

  /** PEM, with the chain; undefined when none is found. Needs the driver of cpp-secure.ts. */
  async findCertificate(keyId: string): Promise<string | undefined> {
    const { certificate } = await this.request('find_certificate', { key_id: keyId })
    return certificate ? Buffer.from(certificate as string, 'base64').toString() : undefined
  }

  /** Lets it know a certificate. Needs the driver of cpp-secure.ts. */
  async registerCertificate(certificate: Uint8Array | string): Promise<void> {
    await this.request('register_certificate', { certificate: toBase64(certificate) })
  }

  async stats(): Promise<{ ipv4: CppFamilyStats; ipv6: CppFamilyStats }> {
    const { ipv4, ipv6 } = await this.request('stats')
    return { ipv4: ipv4 as CppFamilyStats, ipv6: ipv6 as CppFamilyStats }
  }

  /** Until the routing table holds `count` good nodes, of IPv4 unless told otherwise. */
  waitForGoodNodes(count: number, timeoutMs = 10_000, family = this.#family): Promise<void> {
    const enough = async () => (await this.stats())[family].good >= count
    return poll(enough, timeoutMs, `${count} good nodes in the table of ${this.nodeId}`)
  }

  async log(kind: 'routing' | 'searches' | 'storage', family: 'ipv4' | 'ipv6' = 'ipv4') {
    const number = family === 'ipv4' ? 2 : 10
    return (await this.request('log', { log: kind, family: number }))['text'] as string
  }

  async connectivityChanged(): Promise<void> {
    await this.request('connectivity_changed')
  }

  /** Lets running operations end, then (with `maintainStorage`) hands its values to others. */
  async shutdown(): Promise<void> {
    await this.request('shutdown')
  }

  /** Stops the node at once, without a word to the others. */
  async close(): Promise<void> {
    await this.request('join')
    this.#host.abandon(this.#node)
  }

  /** For operations of one driver alone. */
  request(op: string, fields: object = {}): Promise<Reply> {
    return this.#host.request(op, this.#node, fields)
  }
}

/** What a listen of a C++ node has reported so far. */
export class CppListener {
  readonly events: CppListenEvent[] = []
  readonly #watch = new Watch()
  readonly #cancel: () => Promise<unknown>

  constructor(cancel: () => Promise<unknown>) {
    this.#cancel = cancel
  }

  /** The first event, past or future, that fits. */
  waitFor(predicate: (event: CppListenEvent) => boolean, timeoutMs = 10_000) {
    return this.#watch.until(
      () => this.events.find(predicate),
      timeoutMs,
      () => `the C++ listener saw ${this.events.map(describe).join(', ') || 'nothing'}`,
    )
  }

  async cancel(): Promise<void> {
    await this.#cancel()
  }

  push(event: CppListenEvent): void {
    this.events.push(event)
    this.#watch.notify()
  }

  end(error: Error): void {
    this.#watch.fail(error)
  }
}

function identityFields(identity: CppIdentity | string | undefined) {
  if (typeof identity !== 'object') return identity
  return { key: toBase64(identity.key), certificate: toBase64(identity.certificate) }
}

function recipientFields(recipient: Uint8Array | string | undefined) {
  if (typeof recipient === 'string') return { encrypt_to: recipient }
  return recipient && { public: toBase64(recipient) }
}

function describe({ value, expired }: CppListenEvent): string {
  return `${expired ? 'expired ' : ''}${value.text}`
}
