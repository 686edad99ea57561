// SPDX-License-Identifier: MIT
// Finds connections whose clients leave unread what was sent to them, whatever it is: replies that
// are written as a whole have nobody else who waits for them.

import type { Socket } from 'node:net'
import type { ProxyCounters } from './proxy-counters.ts'

interface Progress {
  /** Bytes that the system took, when it was looked at last. */
  taken: number
  /** Of the monotonic clock: since when it is so, with more to be taken. */
  since: number
}

/** Connections are looked at so often within the limit. */
const CHECKS = 4
const SHORTEST_MS = 20

/** Whoever finds out first counts: a socket may be watched by itself and for its reply. */
export function cutStalled(socket: Socket, counters: ProxyCounters): void {
  if (socket.destroyed) return
  counters.refused.stalled++
  socket.destroy()
}

export class StallWatch {
  readonly #stallMs: number
  readonly #onStalled: (socket: Socket) => void
  readonly #sockets = new Map<Socket, Progress>()
  #timer: NodeJS.Timeout | undefined

  constructor(stallMs: number, onStalled: (socket: Socket) => void) {
    this.#stallMs = stallMs
    this.#onStalled = onStalled
  }

  /** Until it is closed. */
  watch(socket: Socket): void {
    this.#sockets.set(socket, { taken: 0, since: performance.now() })
    const everyMs = Math.max(SHORTEST_MS, this.#stallMs / CHECKS)
    this.#timer ??= setInterval(() => this.#look(performance.now()), everyMs).unref()
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  #look(now: number): void {
    for (const [socket, progress] of this.#sockets) {
      const { bytesWritten, writableLength } = socket
      const taken = bytesWritten - writableLength
      if (writableLength === 0 || taken !== progress.taken) {
        progress.taken = taken
        progress.since = now
      } else if (now - progress.since >= this.#stallMs) {
        this.#onStalled(socket)
      }
    }
  }
}
