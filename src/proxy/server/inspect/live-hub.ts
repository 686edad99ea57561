// SPDX-License-Identifier: MIT
// Reads topics of the inspection at intervals, once for all who watch them, and not at all when
// nobody does.

import type { LiveTopic } from './inspection-types.ts'

export interface TopicSource {
  readonly intervalMs: number
  /** JSON text of the present state; undefined when there is nothing to tell. */
  read(): Promise<string | undefined>
}

export type TopicListener = (topic: LiveTopic, json: string) => void

interface Watched {
  readonly listeners: Set<TopicListener>
  readonly timer: NodeJS.Timeout
}

export class LiveHub {
  readonly #sources: Readonly<Record<LiveTopic, TopicSource>>
  readonly #onError: (topic: LiveTopic, error: unknown) => void
  readonly #watched = new Map<LiveTopic, Watched>()

  constructor(
    sources: Readonly<Record<LiveTopic, TopicSource>>,
    onError: (topic: LiveTopic, error: unknown) => void,
  ) {
    this.#sources = sources
    this.#onError = onError
  }

  /** Calls `listener` with the state at once, then at intervals. Returns what ends this. */
  subscribe(topics: readonly LiveTopic[], listener: TopicListener): () => void {
    for (const topic of topics) this.#watch(topic, listener)
    return () => {
      for (const topic of topics) this.#unwatch(topic, listener)
    }
  }

  #watch(topic: LiveTopic, listener: TopicListener): void {
    const watched = this.#watched.get(topic)
    if (watched === undefined) {
      const timer = setInterval(() => void this.#tell(topic), this.#sources[topic].intervalMs)
      this.#watched.set(topic, { listeners: new Set([listener]), timer })
    } else watched.listeners.add(listener)
    void this.#tell(topic)
  }

  #unwatch(topic: LiveTopic, listener: TopicListener): void {
    const watched = this.#watched.get(topic)
    if (watched === undefined) return
    watched.listeners.delete(listener)
    if (watched.listeners.size > 0) return
    clearInterval(watched.timer)
    this.#watched.delete(topic)
  }

  async #tell(topic: LiveTopic): Promise<void> {
    try {
      const json = await this.#sources[topic].read()
      if (json === undefined) return
      for (const listener of this.#watched.get(topic)?.listeners ?? []) listener(topic, json)
    } catch (error) {
      this.#onError(topic, error)
    }
  }
}
