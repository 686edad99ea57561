// SPDX-License-Identifier: MIT
// The live stream of the inspection: server-sent events, as many as the reader takes. They are
// states, so what a slow reader misses is made good by the next one.

import { onceGone } from '../once-gone.ts'
import type { RouteContext } from '../route.ts'
import { cutStalled } from '../stall-watch.ts'
import type { LiveTopic } from './inspection-types.ts'
import type { LiveHub } from './live-hub.ts'

/** Goes on until the client leaves or the server closes. */
export function sendLive(context: RouteContext, hub: LiveHub, topics: readonly LiveTopic[]): void {
  const { request, reply, services } = context
  reply.writeHead(200, HEADERS)
  reply.flushHeaders()
  let skippedSince: number | undefined
  const send = (event: string): void => {
    if (!reply.writableNeedDrain) {
      skippedSince = undefined
      reply.write(event)
      return
    }
    skippedSince ??= performance.now()
    if (performance.now() - skippedSince < services.limits.stallTimeoutMs) return
    cutStalled(request.socket, services.counters)
  }
  const unsubscribe = hub.subscribe(topics, (topic, json) => {
    send(`event: ${topic}\ndata: ${json}\n\n`)
  })
  // Tells the reader, and us, that the other side is still there.
  const heartbeat = setInterval(() => send(':\n\n'), HEARTBEAT_MS)
  const end = (): void => void reply.end()
  services.closing.addEventListener('abort', end)
  onceGone(context, () => {
    unsubscribe()
    clearInterval(heartbeat)
    services.closing.removeEventListener('abort', end)
  })
}

const HEARTBEAT_MS = 4000

const HEADERS = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-store',
  'X-Content-Type-Options',
  'nosniff',
  // For reverse proxies that would collect the stream before they pass it on.
  'X-Accel-Buffering',
  'no',
]
