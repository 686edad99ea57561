// SPDX-License-Identifier: MIT
// The hubs of all keys that are listened to. A hub ends with its last stream; when that could be
// resumed, a minute later.

import type { DhtInterface } from '../../../api/dht-interface.ts'
import type { InfoHash } from '../../../core/id/info-hash.ts'
import type { Log } from '../../../core/ports.ts'
import { type HubReader, KeyHub } from './key-hub.ts'

/** A stream that the server can reach. */
export interface ServedReader extends HubReader {
  /** Whether it is worth keeping the hub for a while when this stream is gone. */
  readonly isResumable: boolean
  /** Called every now and then. */
  beat(): void
}

export class KeyHubs {
  readonly #node: DhtInterface
  readonly #log: Log | undefined
  readonly #hubs = new Map<string, KeyHub>()
  /** Without streams: when they end, oldest first. */
  readonly #lingering = new Map<KeyHub, NodeJS.Timeout>()
  readonly #streams = new Set<ServedReader>()
  readonly #heart: NodeJS.Timeout

  constructor(node: DhtInterface, log: Log | undefined, heartbeatMs = HEARTBEAT_MS) {
    this.#node = node
    this.#log = log
    this.#heart = setInterval(() => this.#beat(), heartbeatMs)
    // It is for open connections, and those keep the process alive.
    this.#heart.unref()
  }

  /** Keys that the node listens to for this server. */
  get size(): number {
    return this.#hubs.size
  }

  /**
   * The hub of `key`, to which the stream that `make` makes of it is added, unless that is
   * undefined as the client left. Rejects as the listen of the node does when that is refused.
   */
  async open(key: InfoHash, make: (hub: KeyHub) => ServedReader | undefined): Promise<void> {
    const hub = this.#hubs.get(String(key)) ?? this.#start(key)
    if (hub.begun !== undefined) await hub.begun
    const stream = make(hub)
    if (stream === undefined) {
      if (hub.readers.size === 0 && !this.#lingering.has(hub)) this.#stop(hub)
      return
    }
    clearTimeout(this.#lingering.get(hub))
    this.#lingering.delete(hub)
    this.#streams.add(stream)
    hub.join(stream)
    stream.wake()
  }

  /** The stream is gone. */
  close(hub: KeyHub, stream: ServedReader): void {
    this.#streams.delete(stream)
    hub.leave(stream)
    if (hub.readers.size > 0 || this.#hubs.get(String(hub.key)) !== hub) return
    if (stream.isResumable) this.#linger(hub)
    else this.#stop(hub)
  }

  /** Ends all streams, and later the hubs, with `stopAll`. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end()
  }

  stopAll(): void {
    clearInterval(this.#heart)
    for (const hub of this.#hubs.values()) this.#stop(hub)
  }

  #start(key: InfoHash): KeyHub {
    const hub = new KeyHub(this.#node, key)
    this.#hubs.set(String(key), hub)
    hub.start((error) => {
      if (error !== undefined && this.#log?.enabled('warning')) {
        this.#log.write('warning', `[proxy] listen to ${key} ended: ${error}`)
      }
      this.#stop(hub)
      for (const reader of hub.readers) reader.end()
    })
    return hub
  }

  #linger(hub: KeyHub): void {
    const timer = setTimeout(() => this.#stop(hub), LINGER_MS)
    timer.unref()
    this.#lingering.set(hub, timer)
    if (this.#lingering.size <= MAX_LINGERING) return
    for (const oldest of this.#lingering.keys()) return this.#stop(oldest)
  }

  #stop(hub: KeyHub): void {
    clearTimeout(this.#lingering.get(hub))
    this.#lingering.delete(hub)
    if (this.#hubs.get(String(hub.key)) === hub) this.#hubs.delete(String(hub.key))
    hub.stop()
  }

  #beat(): void {
    for (const stream of this.#streams) stream.beat()
  }
}

const HEARTBEAT_MS = 30_000
const LINGER_MS = 60_000
/** Keys that are listened to for clients that may come back. */
const MAX_LINGERING = 1000
