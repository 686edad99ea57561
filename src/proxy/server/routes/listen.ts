// SPDX-License-Identifier: MIT
// Listen streams (spec proxy, section 4.4).

import { HttpError } from '../http-error.ts'
import { isOver } from '../limits.ts'
import { failureOf } from '../node-failure.ts'
import { onceGone } from '../once-gone.ts'
import type { Route, RouteContext } from '../route.ts'
import { ListenStream } from '../streams/listen-stream.ts'
import { type StreamRequest, streamRequest } from '../streams/stream-form.ts'

export const LISTEN_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/key/:key/listen', handle: listen },
]

async function listen(context: RouteContext): Promise<void> {
  const { services, request, reply, peer, search } = context
  admit(context)
  const wanted = streamRequest(request, search)
  services.counters.listens++
  peer.listens++
  onceGone(context, () => {
    services.counters.listens--
    peer.listens--
  })
  await new Promise<void>((resolve, reject) => {
    services.turns.run(() => {
      if (reply.destroyed) resolve()
      else open(context, wanted).then(resolve, reject)
    })
  })
}

async function open(context: RouteContext, wanted: StreamRequest): Promise<void> {
  const { services, reply, key } = context
  try {
    await services.hubs.open(key, (hub) => {
      if (reply.destroyed) return undefined
      const stream = new ListenStream(context, hub, wanted)
      onceGone(context, () => services.hubs.close(hub, stream))
      return stream
    })
  } catch (error) {
    throw failureOf('Listen failed', error)
  }
}

/** Throws HttpError when there are too many streams. */
function admit({ services: { counters, limits }, peer }: RouteContext): void {
  if (isOver(counters.listens + 1, limits.maxListens)) {
    counters.refused.listens++
    const message = `More than ${limits.maxListens} listen streams are open: try again later`
    throw new HttpError(503, message, { 'Retry-After': '10' })
  }
  if (isOver(peer.listens + 1, limits.maxListensPerAddress)) {
    counters.refused.listens++
    const count = limits.maxListensPerAddress
    const message = `More than ${count} listen streams are open from your address`
    throw new HttpError(429, message, { 'Retry-After': '10' })
  }
}
