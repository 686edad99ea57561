// SPDX-License-Identifier: MIT
// What a proxy keeps, over a node and a push gateway in the hands of a test.

import type { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value, type ValueInit } from '../../src/core/value/value.ts'
import type { JsonInput } from '../../src/proxy/protocol/json-reader.ts'
import { KeptState, type KeptStateOptions } from '../../src/proxy/server/push/kept-state.ts'
import { readTarget } from '../../src/proxy/server/push/target-json.ts'
import { ListeningDht } from './listening-dht.ts'
import { PushStub } from './push-stub.ts'
import { VirtualClock } from './virtual-clock.ts'

export const HOUR = 3600_000

export type JsonFields = { [name: string]: JsonInput }

export class KeptKit implements AsyncDisposable {
  readonly node = new ListeningDht()
  readonly clock: VirtualClock
  readonly gateway: PushStub
  readonly #options: KeptStateOptions
  state!: KeptState

  static async start(options: KeptStateOptions = {}, clock = new VirtualClock()): Promise<KeptKit> {
    const kit = new KeptKit(await PushStub.start(), options, clock)
    await kit.open()
    return kit
  }

  private constructor(gateway: PushStub, options: KeptStateOptions, clock: VirtualClock) {
    this.gateway = gateway
    this.#options = options
    this.clock = clock
  }

  /** As a new process would, if the former state was closed or is forgotten. */
  async open(): Promise<void> {
    const { node, clock, gateway } = this
    const push = { gateway: gateway.host, allowLocalEndpoints: true, ...this.#options.push }
    this.state = await KeptState.open({ ...this.#options, push }, { node, clock })
  }

  subscribe(key: InfoHash, fields: JsonFields, address = '192.0.2.1'): Promise<boolean> {
    const target = readTarget(fields, this.state.push.bundleId)!
    return this.state.subscriptions.subscribe({ key, target, address })
  }

  put(
    key: InfoHash,
    init: ValueInit,
    permanent: JsonInput = true,
    address = '192.0.2.1',
  ): Promise<Value> {
    return this.state.puts.put({ key, value: new Value(init), permanent, address })
  }

  /** `data` of the notifications so far. */
  get told(): Record<string, unknown>[] {
    return this.gateway.items.map(({ data }) => data as Record<string, unknown>)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.state.close()
    await this.gateway[Symbol.asyncDispose]()
  }
}
