// SPDX-License-Identifier: MIT
// One node of the Python program, with what belongs to it: its log, its indexes, and which of its
// operations have not ended yet.

import { setTimeout as sleep } from 'node:timers/promises'
import { formatRoutingTable } from '../cli/format/routing-table.ts'
import { formatSearches } from '../cli/format/searches.ts'
import { formatStorage } from '../cli/format/storage.ts'
import { DEFAULT_STORAGE_BYTES } from '../core/constants.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Family } from '../core/id/socket-address.ts'
import { SocketAddress } from '../core/id/socket-address.ts'
import type { MsgpackValue } from '../discovery/msgpack-value.ts'
import { DhtRunner } from '../nodejs/dht-runner.ts'
import type { FieldLengths } from '../pht/key-spec.ts'
import { Pht } from '../pht/pht.ts'
import { NodeLog } from './node-log.ts'
import { toRunnerOptions } from './start-options.ts'

/** How long a shutdown waits for operations under way. */
const SHUTDOWN_GRACE_MS = 3000
/** How often it looks whether all values were handed over. */
const HAND_OVER_POLL_MS = 50
/** Nodes that a get names as those that took part. */
const MAX_NODES = 16
const FAMILIES: readonly Family[] = [4, 6]
/** Of the counters of Python, in its order. */
const MESSAGES = ['ping', 'find', 'get', 'listen', 'put']

export class HostedNode {
  readonly runner: DhtRunner
  readonly log: NodeLog
  readonly #indexes = new Map<number, Pht>()
  readonly #running = new Set<Promise<unknown>>()
  #shutDown: Promise<void> | undefined
  #counted: number[] = MESSAGES.map(() => 0)

  private constructor(runner: DhtRunner, log: NodeLog) {
    this.runner = runner
    this.log = log
  }

  static async start(options: MsgpackValue): Promise<HostedNode> {
    const log = new NodeLog()
    return new HostedNode(await DhtRunner.start(await toRunnerOptions(options, log)), log)
  }

  /** Id of the node, port and address of each family that is bound. */
  describe(): MsgpackValue {
    const addresses = this.runner.addresses.map(({ family, host, port }) => [family, host, port])
    return [this.runner.id.toBytes(), addresses]
  }

  /** Remembers an operation, which `shutDown` waits for. */
  run<T>(operation: Promise<T>): Promise<T> {
    const settled = operation.then(forget, forget)
    this.#running.add(settled)
    void settled.then(() => this.#running.delete(settled))
    return operation
  }

  /** Lets operations end, hands values over where that is configured, and closes the node. */
  shutDown(): Promise<void> {
    this.#shutDown ??= this.#endAndClose()
    return this.#shutDown
  }

  async #endAndClose(): Promise<void> {
    const ended = new AbortController()
    const { signal } = ended
    const grace = sleep(SHUTDOWN_GRACE_MS, undefined, { signal })
    await Promise.race([Promise.all([...this.#running, this.#handOver(signal)]), grace])
    grace.catch(forget)
    ended.abort()
    await this.close()
  }

  /** With the option for it, what is stored for others goes to those who are closest now. */
  async #handOver(signal: AbortSignal): Promise<void> {
    if (this.runner.announceStorage() === 0) return
    while (!signal.aborted && this.#isAnnouncing()) await sleep(HAND_OVER_POLL_MS)
  }

  #isAnnouncing(): boolean {
    return FAMILIES.some((family) =>
      this.runner.inspector
        .searches(family)
        .some(({ puts }) => puts.some(({ isAnnounced }) => !isAnnounced)),
    )
  }

  async close(): Promise<void> {
    for (const index of this.#indexes.values()) index.close()
    await this.runner.close()
    this.log.close()
  }

  openIndex(handle: number, name: string, spec: FieldLengths): void {
    this.#indexes.set(handle, new Pht(this.runner, name, spec))
  }

  index(handle: number): Pht {
    const index = this.#indexes.get(handle)
    if (index === undefined) throw new TypeError(`Unknown index: ${handle}`)
    return index
  }

  /** The nodes that answered a search, the closest ones of each family. */
  answered(key: InfoHash): MsgpackValue {
    return FAMILIES.flatMap((family) =>
      this.runner.inspector.searches(family, key).flatMap(({ nodes }) =>
        nodes
          .filter(({ isExpired, lastReplyAgoMs }) => !isExpired && Number.isFinite(lastReplyAgoMs))
          .slice(0, MAX_NODES)
          .map(({ id, address }) => [id.toBytes(), `${address}`]),
      ),
    )
  }

  /** Of `storage`, `routing` or `searches`. */
  async describeState(kind: string, family: number): Promise<string> {
    const { inspector } = this.runner
    if (kind === 'routing') {
      const tables = FAMILIES.filter((it) => family === 0 || family === it)
      const format = (it: Family): string =>
        formatRoutingTable(`IPv${it}`, inspector.routingTable(it))
      return tables.map(format).join('\n')
    }
    if (kind === 'searches') {
      const of = (it: Family): ReturnType<typeof inspector.searches> =>
        family === 0 || family === it ? inspector.searches(it) : []
      return formatSearches({ ipv4: of(4), ipv6: of(6) })
    }
    const { storage } = await this.runner.stats()
    return formatStorage({
      keys: inspector.storageKeys(),
      sources: inspector.storageSources(),
      remote: { bytes: storage.remoteBytes, maxBytes: DEFAULT_STORAGE_BYTES },
      local: { bytes: storage.localBytes, maxBytes: -1 },
    })
  }

  /** Requests that were sent since the last time it was asked. */
  async takeMessageCounts(): Promise<number[]> {
    const { messages } = await this.runner.stats()
    const total = MESSAGES.map((kind) => messages.out[kind] ?? 0)
    const counts = total.map((count, i) => count - this.#counted[i]!)
    this.#counted = total
    return counts
  }

  /** An address that stands for this host, as a bound one does, is the one of loopback. */
  ping(host: string, port: number, signal: AbortSignal): Promise<boolean> {
    const address = SocketAddress.parse(host, port)
    if (address === undefined) throw new TypeError(`Expected an address: got ${host}`)
    const loopback = address.family === 4 ? '127.0.0.1' : '::1'
    const target = address.isUnspecified ? SocketAddress.parse(loopback, port)! : address
    return this.runner.ping(target, { signal })
  }
}

function forget(): void {}
