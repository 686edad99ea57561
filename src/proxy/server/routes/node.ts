// SPDX-License-Identifier: MIT
// What the proxy says about its node and itself (spec proxy, sections 4.1 and 4.5).

import { toJsonText } from '../../protocol/json-text.ts'
import { sendJson } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'

export const NODE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/', handle: sendInfo },
  { method: 'GET', path: '/node/info', handle: sendInfo },
  { method: 'GET', path: '/node/stats', handle: sendStats },
]

function sendInfo(context: RouteContext): void | Promise<void> {
  const { info, now } = context.services
  // The peer may be several hosts: all of a network that counts as one.
  const address = context.request.socket.remoteAddress ?? context.peer.address
  const line = info.lineFor(address, now())
  if (line !== undefined) return sendJson(context, line)
  return info.line(address, now()).then((text) => sendJson(context, text))
}

async function sendStats(context: RouteContext): Promise<void> {
  const { services } = context
  const { counters, kept, info, now } = services
  const { keys, values } = kept.puts.counts
  const { devices, android, ios, unified } = kept.pushCounts
  const stats = {
    listenCount: counters.listens,
    putCount: keys,
    totalPermanentPuts: values,
    pushListenersCount: devices,
    requestRate: services.requestRate(),
    nodeInfo: await info.info(now()),
    serverStartTime: Math.floor(services.startedAt / 1000),
    lastUpdated: Math.floor(now() / 1000),
    androidPush: android,
    iosPush: ios,
    unifiedPush: unified,
  }
  await sendJson(context, `${toJsonText(stats)}\n`)
}
