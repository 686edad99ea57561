// SPDX-License-Identifier: MIT
// Clients with identities over the virtual network: minutes pass in an instant. Signing takes real
// time, so virtual time goes on in small steps while a test waits for something, and not too fast.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { EngineBackend } from '../../src/api/engine-backend.ts'
import type { DhtConfig } from '../../src/core/config.ts'
import { certificateKeys } from '../../src/crypto/certificate-keys.ts'
import { rsaVerifier } from '../../src/crypto/signature-verifier.ts'
import { SecureDht, type SecureOptions } from '../../src/secure/secure-dht.ts'
import { MiniNetwork, type MiniNode } from './mini-network.ts'

const STEP_MS = 20
/** Virtual time is at most so many times as fast as real time while something is waited for. */
const SPEED = 20
const PORTS = { verifier: rsaVerifier, certificateKeys }

interface Member {
  readonly node: MiniNode
  readonly backend: EngineBackend
  readonly client: SecureDht
}

export class VirtualSecureNetwork {
  readonly net: MiniNetwork
  readonly #members: Member[] = []

  constructor(seed: number) {
    this.net = new MiniNetwork(seed)
  }

  /** Nodes that store and serve, without clients. */
  addServers(count: number): MiniNode[] {
    return this.net.addMany(count, {}, PORTS)
  }

  add(options: SecureOptions = {}, config: DhtConfig = {}): SecureDht {
    const { net } = this
    const node = net.add(config, PORTS)
    const host = { dht: node.dht, now: () => net.now, kick: () => net.pump(node) }
    const backend = new EngineBackend(host)
    const client = new SecureDht(backend, rsaVerifier, options)
    this.#members.push({ node, backend, client })
    return client
  }

  /** The node under a client. */
  nodeOf(client: SecureDht): MiniNode {
    return this.#members.find((member) => member.client === client)!.node
  }

  /** Lets virtual time pass. */
  async run(ms: number): Promise<void> {
    for (const end = this.net.now + ms; this.net.now < end; ) await this.#step()
  }

  /** Lets virtual time pass until the promise settles. */
  async wait<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await this.until(() => isSettled, limitMs)
    return promise
  }

  async until(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const start = this.net.now
    const realStart = performance.now()
    while (!condition()) {
      const passedMs = this.net.now - start
      if (passedMs >= limitMs) throw new Error(`nothing in ${limitMs} ms of virtual time`)
      if (passedMs > SPEED * (performance.now() - realStart)) await sleep(1)
      else await this.#step()
    }
  }

  async #step(): Promise<void> {
    this.net.run(STEP_MS)
    for (const { node, backend } of this.#members) backend.dispatch(node.events.splice(0))
    await turn()
  }
}
