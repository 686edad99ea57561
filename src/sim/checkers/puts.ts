// SPDX-License-Identifier: MIT
// Checker: what was put and acknowledged is found, by whoever looks, until it expires. Looks for
// one such value after the other from some node. It has to be found when enough of the nodes that
// are closest to its key, and in reach, hold it; when none does, it is lost, which is counted:
// whether that may happen is for the test to say.

import type { DhtEvent, OperationId } from '../../core/events.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import { Field, Query, Where } from '../../core/value/query.ts'
import type { ValueId } from '../../core/value/value.ts'
import type { Checker } from '../checker.ts'
import type { NodeChange, OperationStart } from '../observer.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'
import type { SimRandom } from '../sim-random.ts'
import { type AcknowledgedPut, AcknowledgedPuts } from './acknowledged-puts.ts'

/** How values are looked for. */
export interface PutCheckerOptions {
  /** Default 2 s. */
  everyMs?: number
  /** So many of the eight closest nodes have to hold it, or it need not be found. Default 3. */
  minHolders?: number
  /** A value that nobody holds any more is a failure: for networks without faults. */
  isStrict?: boolean
}

interface Look {
  readonly reader: SimNode
  readonly put: AcknowledgedPut
  isFound: boolean
}

/** Near its end a value is gone here and there already: clocks and delays differ. */
const MARGIN_MS = 10_000

export class PutChecker implements Checker {
  readonly name = 'puts'
  readonly everyMs: number
  readonly #minHolders: number
  readonly #isStrict: boolean
  readonly #looks = new Map<string, Look>()
  /** Its first results may come before the call that starts it returns. */
  #starting: Look | undefined
  #network!: SimNetwork
  #random!: SimRandom
  #puts!: AcknowledgedPuts
  found = 0
  /** None of the closest nodes held them any more. */
  lost = 0
  /** Too few did, and they were not found. */
  scarce = 0

  constructor({ everyMs = 2000, minHolders = 3, isStrict = false }: PutCheckerOptions = {}) {
    this.everyMs = everyMs
    this.#minHolders = minHolders
    this.#isStrict = isStrict
  }

  start(network: SimNetwork): void {
    this.#network = network
    this.#random = network.random.fork('puts')
    this.#puts = new AcknowledgedPuts(network)
  }

  check(): void {
    const { now } = this.#network
    const puts = this.#puts.current().filter(({ expiresAt }) => expiresAt > now + 2 * MARGIN_MS)
    const readers = this.#network.nodes.filter(({ isConnected }) => isConnected)
    if (puts.length === 0 || readers.length === 0) return
    const put = this.#random.pick(puts)
    const reader = this.#random.pick(readers)
    const holders = this.#holders(reader, put)
    if (holders === 0) return this.#onLost(put)
    this.#starting = { reader, put, isFound: false }
    reader.use((dht, at) => dht.startGet(put.key, queryFor(put), at))
  }

  onStart(node: SimNode, start: OperationStart): void {
    this.#puts.onStart(node, start)
    if (this.#starting === undefined) return
    this.#looks.set(nameOf(node, start.operation), this.#starting)
    this.#starting = undefined
  }

  onCancelPut(node: SimNode, key: InfoHash, valueId: ValueId): void {
    this.#puts.onCancelPut(node, key, valueId)
  }

  onEvent(node: SimNode, event: DhtEvent): void {
    this.#puts.onEvent(node, event)
    if (!('operation' in event)) return
    const look = this.#looks.get(nameOf(node, event.operation))
    if (look === undefined) return
    if (event.kind === 'values') look.isFound = true
    if (event.kind !== 'done') return
    this.#looks.delete(nameOf(node, event.operation))
    this.#judge(look, event.outcome)
  }

  onNode(node: SimNode, change: NodeChange): void {
    this.#puts.onNode(node, change)
  }

  #judge(look: Look, outcome: string): void {
    const { reader, put, isFound } = look
    if (isFound) this.found++
    if (isFound || outcome === 'closed') return
    if (put.expiresAt <= this.#network.now + MARGIN_MS) return
    const holders = this.#holders(reader, put)
    if (holders < this.#minHolders) {
      this.scarce++
      return
    }
    this.#network.fail(
      `Node ${reader.index} did not find value ${put.value.id} under ${put.key} (${outcome}): ` +
        `put by node ${put.writer.index} at ${put.acknowledgedAt} ms, and ${holders} of the ` +
        'closest nodes hold it',
    )
  }

  #onLost({ value, key, writer, acknowledgedAt }: AcknowledgedPut): void {
    this.lost++
    if (!this.#isStrict) return
    const when = `put by node ${writer.index} at ${acknowledgedAt} ms`
    this.#network.fail(`None of the closest nodes holds value ${value.id} under ${key}, ${when}`)
  }

  /** How many of the nodes that a reader has to ask hold the value. */
  #holders(reader: SimNode, put: AcknowledgedPut): number {
    const { key } = put
    const query = queryFor(put)
    const isHolder = (node: SimNode): boolean => node.dht.localValues(key, query).length > 0
    const isInReach = (node: SimNode): boolean =>
      node === reader || this.#network.canReach(reader, node)
    return this.#network.closest(key, { accepts: isInReach }).filter(isHolder).length
  }
}

function queryFor({ value }: AcknowledgedPut): Query {
  return new Query(undefined, new Where([{ field: Field.Id, value: value.id }]))
}

function nameOf(node: SimNode, operation: OperationId): string {
  return `${node.index} ${operation}`
}
