// SPDX-License-Identifier: MIT
// Listen streams (spec proxy, section 4.4).

import { HttpError } from '../http-error.ts'
import { isOver } from '../limits.ts'
import { onceGone } from '../once-gone.ts'
import type { Route, RouteContext } from '../route.ts'
import { ListenStream } from '../streams/listen-stream.ts'
import { streamRequest } from '../streams/stream-form.ts'

export const LISTEN_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/key/:key/listen', handle: listen },
]

function listen(context: RouteContext): void {
  const { services, request, peer, key, search } = context
  admit(context)
  services.counters.listens++
  peer.listens++
  const wanted = streamRequest(request, search)
  services.hubs.open(key, (hub) => {
    const stream = new ListenStream(context, hub, wanted)
    onceGone(context, () => {
      services.counters.listens--
      peer.listens--
      services.hubs.close(hub, stream)
    })
    return stream
  })
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
