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
  const { address } = context.peer
  const line = info.lineFor(address, now())
  if (line !== undefined) return sendJson(context, line)
  return info.line(address, now()).then((text) => sendJson(context, text))
}

async function sendStats(context: RouteContext): Promise<void> {
  const { services } = context
  const { counters, permanentPuts, pushes, info, now } = services
  const { keys, values } = permanentPuts.counts
  const pushCounts = pushes?.counts ?? NO_PUSHES
  const stats = {
    listenCount: counters.listens,
    putCount: keys,
    totalPermanentPuts: values,
    pushListenersCount: pushCounts.listeners,
    requestRate: services.requestRate(),
    nodeInfo: await info.info(now()),
    serverStartTime: Math.floor(services.startedAt / 1000),
    lastUpdated: Math.floor(now() / 1000),
    androidPush: pushCounts.android,
    iosPush: pushCounts.ios,
    unifiedPush: pushCounts.unified,
  }
  await sendJson(context, `${toJsonText(stats)}\n`)
}

const NONE = { highPriorityCount: 0, normalPriorityCount: 0 }
const NO_PUSHES = { listeners: 0, android: NONE, ios: NONE, unified: NONE }
