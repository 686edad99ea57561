// SPDX-License-Identifier: MIT
// A game between two nodes: one puts a value under a key, the other hears it and puts one under the
// hash of the key, which the first one hears, and so on.

import type { DhtInterface } from '../../api/dht-interface.ts'
import { InfoHash } from '../../core/id/info-hash.ts'

export interface Game {
  readonly ping: DhtInterface
  readonly pong: DhtInterface
  /** Games with different names do not disturb each other. */
  readonly name: string
  readonly rounds: number
  readonly signal: AbortSignal
  onRound(): void
}

/** Resolves after the last round; rejects when a put fails, or with the signal's reason. */
export async function playPingPong(game: Game): Promise<void> {
  const { ping, pong, name, rounds, onRound } = game
  const end = new AbortController()
  const stop = (): void => end.abort()
  game.signal.addEventListener('abort', stop, { once: true })
  if (game.signal.aborted) stop()
  const { signal } = end
  const there = InfoHash.get(name)
  const back = InfoHash.get(there)
  let failure: unknown
  const fail = (error: unknown): void => {
    failure ??= error
    end.abort()
  }
  const put = (node: DhtInterface, key: InfoHash): void => {
    node.put(key, BALL, { signal }).catch((error) => {
      if (!signal.aborted) fail(error)
    })
  }
  let played = 0
  const answer = hear(pong, there, signal, () => put(pong, back))
  const count = hear(ping, back, signal, () => {
    if (++played > rounds) return
    onRound()
    if (played === rounds) end.abort()
    else put(ping, there)
  })
  put(ping, there)
  await Promise.all([answer, count]).finally(() => game.signal.removeEventListener('abort', stop))
  game.signal.throwIfAborted()
  if (failure !== undefined) throw failure
}

const BALL = 'hey'

/** Until the signal fires. */
async function hear(
  node: DhtInterface,
  key: InfoHash,
  signal: AbortSignal,
  onValue: () => void,
): Promise<void> {
  try {
    for await (const { expired } of node.listen(key, { signal })) if (!expired) onValue()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
