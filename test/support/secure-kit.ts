// SPDX-License-Identifier: MIT
// Identities and small networks on loopback for tests of the public-key layer.

import { Identity } from '../../src/crypto/identity.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { RunnerOptions } from '../../src/nodejs/runner-options.ts'

const identities = new Map<string, Promise<Identity>>()

/** The same identity for the same name, made once per process; small keys, for speed. */
export function identityOf(name: string): Promise<Identity> {
  let identity = identities.get(name)
  if (identity === undefined) {
    identity = Identity.generate({ name, bits: 2048 })
    identities.set(name, identity)
  }
  return identity
}

/** Nodes of one private network on loopback, connected with each other. */
export class SecureNetwork implements AsyncDisposable {
  readonly network = 1 + Math.floor(Math.random() * 0xffff_fffe)
  readonly nodes: DhtRunner[] = []

  /** Nodes without identity. */
  static async start(count: number): Promise<SecureNetwork> {
    const network = new SecureNetwork()
    await network.add()
    await Promise.all(Array.from({ length: count - 1 }, () => network.add()))
    return network
  }

  /** A further node, connected. */
  async add(options: RunnerOptions = {}): Promise<DhtRunner> {
    const [first] = this.nodes
    const node = await DhtRunner.start({
      port: 0,
      bind4: '127.0.0.1',
      bind6: false,
      network: this.network,
      maxRequestsPerSecond: -1,
      bootstrap: first === undefined ? [] : [`127.0.0.1:${first.port4}`],
      ...options,
    })
    this.nodes.push(node)
    if (first !== undefined) await node.whenConnected({ signal: AbortSignal.timeout(20_000) })
    return node
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }
}
