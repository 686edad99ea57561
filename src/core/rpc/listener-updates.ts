// SPDX-License-Identifier: MIT
// Pushes changes of stored values to the remote listeners of their key (spec wire, section 7).

import { MAX_UPDATE_BYTES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { NetworkEngine } from '../net/network-engine.ts'
import type { Node } from '../net/node.ts'
import { QuietHandler } from '../net/request.ts'
import type { KeyStorage } from '../storage/key-storage.ts'
import type { Listener } from '../storage/listeners.ts'
import type { StoredValue } from '../storage/stored-value.ts'
import { copyBytes } from '../util/bytes.ts'
import type { ValueId } from '../value/value.ts'
import { Kind } from '../wire/message.ts'
import type { NodeLists } from '../wire/message-encoder.ts'
import { answerWithValues } from '../wire/value-list.ts'

/** What a listener missed is remembered up to this number. */
const MAX_MISSED = 256
/** Changes other than values are acknowledged, too, but nothing follows from that. */
const QUIET = new QuietHandler()
const NO_NODES: NodeLists = { nodes4: new Uint8Array(0), nodes6: new Uint8Array(0) }

export class ListenerUpdates {
  readonly #net: NetworkEngine
  /** Pushes sent, and pushes that were not because too many requests are pending. */
  sent = 0
  refused = 0

  constructor(net: NetworkEngine) {
    this.#net = net
  }

  /** A value was stored or replaced. */
  onStored(key: KeyStorage, stored: StoredValue, now: number): void {
    for (const listener of key.listeners) {
      if (stored.matches(listener.query)) this.#pushValues(listener, key.id, [stored], now)
    }
  }

  onRefreshed(key: KeyStorage, valueId: ValueId, now: number): void {
    for (const listener of key.listeners) this.#pushIds(listener, 're', [valueId], now)
  }

  onRemoved(key: KeyStorage, valueId: ValueId, now: number): void {
    for (const listener of key.listeners) this.#pushIds(listener, 'exp', [valueId], now)
  }

  /** Everything that a new listener asked for, split into messages of bounded size. */
  pushExisting(listener: Listener, now: number): void {
    this.#pushAll(listener, listener.key.select(listener.query), now)
  }

  /** What an earlier push did not bring: its line may have been busy. */
  pushMissed(listener: Listener, now: number): void {
    const { missed, key, query } = listener
    if (missed === undefined) return
    listener.missed = undefined
    const kept = key.select(query).filter(({ id }) => missed.has(id))
    this.#pushAll(listener, kept, now)
  }

  #pushAll(listener: Listener, values: readonly StoredValue[], now: number): void {
    let batch: StoredValue[] = []
    let bytes = 0
    for (const stored of values) {
      if (batch.length > 0 && bytes + stored.length > MAX_UPDATE_BYTES) {
        this.#pushValues(listener, listener.key.id, batch, now)
        batch = []
        bytes = 0
      }
      batch.push(stored)
      bytes += stored.length
    }
    if (batch.length > 0) this.#pushValues(listener, listener.key.id, batch, now)
  }

  #pushValues(
    listener: Listener,
    key: InfoHash,
    values: readonly StoredValue[],
    now: number,
  ): void {
    const { node, socketId } = listener
    const { encoder, outbox, fragments, tokens, requests } = this.#net
    // Copies: the message may be repeated, and a view would keep its whole page until then.
    const answer = answerWithValues(values.map(({ packed }) => copyBytes(packed)))
    // The message may be repeated when the array has long served others.
    const token = copyBytes(tokens.issue(node.address))
    const fragmented = answer.kind === 'sizes' ? answer.packed : undefined
    if (listener.version === 0) {
      encoder.nodes(outbox.writer, socketId, node.address, NO_NODES, token, answer)
      this.#net.commit(node.address)
      if (fragmented !== undefined) fragments.send(node.address, socketId, fragmented, now)
      return
    }
    const request = requests.send(
      {
        kind: Kind.Update,
        node,
        address: node.address,
        handler: new PushHandler(listener, values),
        maxAttempts: attemptsFor(node),
        encode: (writer, tid) => encoder.update(writer, tid, key, socketId, answer, token),
        values: fragmented,
      },
      now,
    )
    this.#count(request !== undefined)
    if (request === undefined)
      miss(
        listener,
        values.map(({ id }) => id),
      )
  }

  #pushIds(listener: Listener, change: 're' | 'exp', ids: readonly ValueId[], now: number): void {
    const { node, socketId } = listener
    const { encoder, outbox, tokens, requests } = this.#net
    // The message may be repeated when the array has long served others.
    const token = copyBytes(tokens.issue(node.address))
    if (listener.version === 0) {
      encoder.pushIds(outbox.writer, socketId, token, change, ids)
      this.#net.commit(node.address)
      return
    }
    const request = requests.send(
      {
        kind: Kind.Update,
        node,
        address: node.address,
        handler: QUIET,
        maxAttempts: attemptsFor(node),
        encode: (writer, tid) => encoder.updateIds(writer, tid, socketId, token, change, ids),
      },
      now,
    )
    this.#count(request !== undefined)
  }

  #count(wasSent: boolean): void {
    if (wasSent) this.sent++
    else this.refused++
  }
}

/**
 * Once for who acknowledges nothing any more: it may have gone, and its registration stays for
 * minutes. Undefined for as often as usual.
 */
function attemptsFor(node: Node): number | undefined {
  return node.isExpired ? 1 : undefined
}

class PushHandler extends QuietHandler {
  readonly #listener: Listener
  readonly #ids: readonly ValueId[]

  constructor(listener: Listener, values: readonly StoredValue[]) {
    super()
    this.#listener = listener
    this.#ids = values.map(({ id }) => id)
  }

  override onExpired(): void {
    miss(this.#listener, this.#ids)
  }
}

function miss(listener: Listener, ids: readonly ValueId[]): void {
  listener.missed ??= new Set()
  for (const id of ids) if (listener.missed.size < MAX_MISSED) listener.missed.add(id)
}
