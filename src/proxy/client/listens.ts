// SPDX-License-Identifier: MIT
// The listens of a proxy client, by key: one feed each, whatever the number of local listens, kept
// for a minute after the last one ended, since whoever stops listening often starts again.

import type { Listening, OperationEvents } from '../../api/backend.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Query } from '../../core/value/query.ts'
import type { Value } from '../../core/value/value.ts'
import type { FeedHost } from './feed-host.ts'
import { type Feed, KeyListen } from './key-listen.ts'
import type { PushIdentity } from './push.ts'
import { PushFeed } from './push-feed.ts'
import { StreamFeed } from './stream-feed.ts'

const LINGER_MS = 60_000

interface Entry {
  readonly key: InfoHash
  readonly listen: KeyListen
  feed: Feed
  cancelLinger: () => void
}

export class Listens {
  readonly #host: FeedHost
  readonly #maxKeys: number
  readonly #entries = new Map<string, Entry>()
  #push: PushIdentity | undefined

  constructor(host: FeedHost, maxKeys: number, push: PushIdentity | undefined) {
    this.#host = host
    this.#maxKeys = maxKeys
    this.#push = push
  }

  /** Keys that are followed. */
  get keys(): number {
    return this.#entries.size
  }

  start(key: InfoHash, query: Query, events: OperationEvents): Listening {
    const entry = this.#obtain(key)
    if (entry === undefined) {
      events.done({ outcome: 'limit', nodes: [] })
      return { stop: () => {}, known: () => [] }
    }
    entry.cancelLinger()
    return entry.listen.add(query, events)
  }

  values(key: InfoHash, query: Query): Value[] {
    return this.#entries.get(key.toString())?.listen.values(query) ?? []
  }

  /** The subscription of a key; undefined when it is not followed, or through a stream. */
  subscription(key: InfoHash): PushFeed | undefined {
    const feed = this.#entries.get(key.toString())?.feed
    return feed instanceof PushFeed ? feed : undefined
  }

  /** Follows all keys in another way from now on: through notifications, or through streams. */
  usePush(push: PushIdentity | undefined): void {
    this.#push = push
    for (const entry of this.#entries.values()) {
      if (entry.feed instanceof PushFeed && push !== undefined) {
        entry.feed.renew()
        continue
      }
      entry.feed.stop()
      entry.feed = this.#newFeed(entry.key, entry.listen)
      entry.feed.start()
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      entry.cancelLinger()
      entry.feed.stop()
      entry.listen.close()
    }
    this.#entries.clear()
  }

  #obtain(key: InfoHash): Entry | undefined {
    const name = key.toString()
    const known = this.#entries.get(name)
    if (known !== undefined) return known
    if (this.#entries.size >= this.#maxKeys && !this.#dropUnused()) return undefined
    const listen = new KeyListen(() => this.#linger(entry))
    const feed = this.#newFeed(key, listen)
    const entry: Entry = { key, listen, feed, cancelLinger: () => {} }
    this.#entries.set(name, entry)
    feed.start()
    return entry
  }

  #newFeed(key: InfoHash, listen: KeyListen): Feed {
    const push = this.#push
    return push === undefined
      ? new StreamFeed(this.#host, key, listen)
      : new PushFeed(this.#host, key, listen, push)
  }

  #linger(entry: Entry): void {
    entry.cancelLinger = this.#host.ports.schedule(() => this.#drop(entry), LINGER_MS)
  }

  #drop(entry: Entry): void {
    entry.cancelLinger()
    entry.feed.stop()
    this.#entries.delete(entry.key.toString())
  }

  /** Of those that only linger, the oldest. Returns whether there was one. */
  #dropUnused(): boolean {
    for (const entry of this.#entries.values()) {
      if (!entry.listen.isUnused) continue
      this.#drop(entry)
      return true
    }
    return false
  }
}
