// SPDX-License-Identifier: MIT
// What the interoperability tests share: our nodes with real sockets of one family each, so that
// everything between them and C++ nodes travels over that family; keys, contents, signatures.

import { createHash, generateKeyPairSync, type KeyObject, randomInt, sign } from 'node:crypto'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { toSignBytes } from '../../src/core/value/pack-value.ts'
import { acceptBySize, denyEdit } from '../../src/core/value/policies.ts'
import { Value } from '../../src/core/value/value.ts'
import type { ValueType } from '../../src/core/value/value-type.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { RunnerOptions } from '../../src/nodejs/runner-options.ts'
import type { CppHost, CppNode, CppNodeOptions } from './cpp-node.ts'
import { TEST_TRANSPORT } from './test-transport.ts'
import { poll } from './watch.ts'

export interface InteropFamily {
  readonly name: 'IPv4' | 'IPv6'
  /** As the C++ side calls it. */
  readonly cpp: 'ipv4' | 'ipv6'
  readonly host: '127.0.0.1' | '::1'
}

export const FAMILIES: readonly InteropFamily[] = [
  { name: 'IPv4', cpp: 'ipv4', host: '127.0.0.1' },
  { name: 'IPv6', cpp: 'ipv6', host: '::1' },
]

/** Of the networks that a test may use; what else runs on this computer is in others. */
export function randomNetwork(): number {
  return randomInt(1, 2 ** 31)
}

/** One of our nodes, on loopback with this family alone and without request limits. */
export function startNode(
  family: InteropFamily,
  options: RunnerOptions & { network: number },
): Promise<DhtRunner> {
  const isIPv4 = family.name === 'IPv4'
  return DhtRunner.start({
    port: 0,
    bind4: isIPv4 && family.host,
    bind6: !isIPv4 && family.host,
    maxRequestsPerSecond: -1,
    transport: TEST_TRANSPORT,
    ...options,
  })
}

/** Where a C++ node is reached, in the form of the `bootstrap` option. */
export function endpointOf(node: CppNode, family: InteropFamily): string {
  return family.name === 'IPv4' ? `${node.ipv4}:${node.port4}` : `[${node.ipv6}]:${node.port6}`
}

/** The same for one of ours. */
export function addressOf(node: DhtRunner, family: InteropFamily): string {
  const port = portOf(node, family)
  return family.name === 'IPv4' ? `${family.host}:${port}` : `[${family.host}]:${port}`
}

export function portOf(node: DhtRunner, family: InteropFamily): number {
  return (family.name === 'IPv4' ? node.port4 : node.port6)!
}

/** Each side asks the other, so that both count as good to each other. */
export async function meet(
  node: DhtRunner,
  others: readonly CppNode[],
  family: InteropFamily,
): Promise<void> {
  const port = portOf(node, family)
  const pings = others.flatMap((other) => [
    node.ping(endpointOf(other, family)),
    other.ping(family.host, port),
  ])
  if (!(await Promise.all(pings)).every(Boolean)) throw new Error('some nodes do not answer')
}

/** Some C++ nodes that know each other, speaking both families, and ours of one family. */
export class InteropNetwork implements AsyncDisposable {
  readonly network: number
  readonly family: InteropFamily
  readonly cpp: readonly CppNode[]
  readonly #host: CppHost
  readonly #ours: DhtRunner[] = []

  private constructor(init: {
    network: number
    family: InteropFamily
    host: CppHost
    cpp: readonly CppNode[]
  }) {
    this.network = init.network
    this.family = init.family
    this.cpp = init.cpp
    this.#host = init.host
  }

  /** The C++ nodes live in `host`, which networks can share. */
  static async start(
    host: CppHost,
    family: InteropFamily,
    options: CppNodeOptions & { readonly count?: number } = {},
  ): Promise<InteropNetwork> {
    const network = options.network ?? randomNetwork()
    const cpp = await host.createCluster(options.count ?? 1, { ...options, network })
    return new InteropNetwork({ network, family, host, cpp })
  }

  /** A node of ours that knows nobody yet. */
  async addStranger(options: RunnerOptions = {}): Promise<DhtRunner> {
    const node = await startNode(this.family, { ...options, network: this.network })
    this.#ours.push(node)
    return node
  }

  /** A node of ours that all C++ nodes know, and the other way round. */
  async addNode(options: RunnerOptions = {}): Promise<DhtRunner> {
    const node = await this.addStranger(options)
    await this.introduce(node)
    return node
  }

  introduce(node: DhtRunner, others = this.cpp): Promise<void> {
    return meet(node, others, this.family)
  }

  /** Makes nodes of ours know each other. */
  async introduceAll(nodes: readonly DhtRunner[]): Promise<void> {
    const pings = nodes.flatMap((node) =>
      nodes
        .filter((other) => other !== node)
        .map((other) => node.ping(addressOf(other, this.family))),
    )
    if (!(await Promise.all(pings)).every(Boolean)) throw new Error('some nodes do not answer')
  }

  /** Another C++ node that nobody knows yet. */
  addCppStranger(options: CppNodeOptions = {}): Promise<CppNode> {
    return this.#host.createNode({ ...options, network: this.network })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.cpp, ...this.#ours].map((node) => node.close()))
  }
}

/** The key that our API makes of a text, as C++ nodes take it. */
export function hex(text: string): string {
  return InfoHash.get(text).toString()
}

/** A key that all of `nodes` are closer to than `far` is. */
export function keyFarFrom(far: CppNode, nodes: readonly DhtRunner[]): string {
  const farId = InfoHash.fromHex(far.nodeId)!
  for (let i = 0; ; i++) {
    const key = `far ${i}`
    const hash = InfoHash.get(key)
    if (nodes.every(({ id }) => hash.compareDistance(id, farId) < 0)) return key
  }
}

/** Bytes that depend on `label` and show every byte that is lost, moved or repeated. */
export function content(label: string, size: number): Uint8Array {
  const blocks: Buffer[] = []
  for (let i = 0; i * 64 < size; i++) {
    blocks.push(createHash('sha512').update(`${label} ${i}`).digest())
  }
  return new Uint8Array(Buffer.concat(blocks).subarray(0, size))
}

/** A copy with one bit of the byte at `index` flipped. */
export function damaged(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice()
  copy[index]! ^= 1
  return copy
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString()
}

/** A type without any policy but a size, for values that end soon. */
export function shortType(id: number, lifetimeMs: number): ValueType {
  return { id, name: `short ${id}`, lifetimeMs, storePolicy: acceptBySize, editPolicy: denyEdit }
}

/** Signs values as their owner. */
export class Signer {
  readonly owner: Uint8Array
  readonly #key: KeyObject

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.owner = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    this.#key = privateKey
  }

  sign(init: { id: bigint; data: string; seq: number }): Value {
    const { id, seq } = init
    const body = { id, seq, owner: this.owner, data: new Uint8Array(Buffer.from(init.data)) }
    const signature = sign('sha512', toSignBytes(new Value(body)), this.#key)
    return new Value({ ...body, signature: new Uint8Array(signature) })
  }
}

/** Resolves at `deadline` (of `performance.now()`), and fails as soon as `check` is false. */
export async function holdsUntil(
  check: () => boolean | Promise<boolean>,
  deadline: number,
  describe: string,
): Promise<void> {
  const isOver = async () => {
    if (!(await check())) throw new Error(`no longer true: ${describe}`)
    return performance.now() >= deadline
  }
  await poll(isOver, deadline - performance.now() + 10_000, describe)
}
