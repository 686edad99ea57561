// SPDX-License-Identifier: MIT
// Subscriptions to keys, whose changes are pushed (spec proxy, section 5). Old clients send them to
// the legacy path of a key.

import { toJsonText } from '../../protocol/json-text.ts'
import type { JsonObject } from '../../protocol/value-json.ts'
import { valueToJson } from '../../protocol/value-json.ts'
import { HttpError } from '../http-error.ts'
import { failureOf } from '../node-failure.ts'
import { onceGone } from '../once-gone.ts'
import { withOperation } from '../operations.ts'
import { hostOf } from '../peers.ts'
import { readTarget } from '../push/target-json.ts'
import { readJson } from '../read-body.ts'
import { beginLines, sendEmpty, sendJson } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'
import type { PushTarget } from '../store/records.ts'
import { writeLine } from '../streams/write-line.ts'

export const PUSH_ROUTES: readonly Route[] = [
  ...['/:key', '/key/:key'].flatMap((path) => [
    { method: 'SUBSCRIBE', path, handle: subscribe },
    { method: 'UNSUBSCRIBE', path, handle: unsubscribe },
  ]),
  { method: 'POST', path: '/node/pingPush', handle: ping },
  { method: 'GET', path: '/push/vapid', handle: sendVapidKey },
]

const DONE = '{}\n'

/** The form of the answer tells a new subscription from a known one. */
async function subscribe(context: RouteContext): Promise<void> {
  const { key, peer, services } = context
  const body = await readJson(context)
  const { subscriptions } = services.kept
  const target = requireTarget(context, body)
  const request = { key, target, address: hostOf(peer.address) }
  const isNew = await stored(subscriptions.subscribe(request))
  if (isNew) return sendJson(context, DONE)
  if (body['refresh'] === true) {
    beginLines(context)
    return void context.reply.end(DONE)
  }
  await sendValues(context)
}

async function unsubscribe(context: RouteContext): Promise<void> {
  const { key, services } = context
  const { token, clientId } = requireTarget(context, await readJson(context))
  await stored(services.kept.subscriptions.unsubscribe(key, token, clientId))
  await sendEmpty(context)
}

async function ping(context: RouteContext): Promise<void> {
  const { subscriptions } = context.services.kept
  subscriptions.ping(requireTarget(context, await readJson(context)))
  await sendJson(context, DONE)
}

/** What a browser needs for `applicationServerKey`. */
function sendVapidKey(context: RouteContext): void | Promise<void> {
  const { publicKey } = context.services.kept.push.vapid
  return sendJson(context, `${toJsonText({ publicKey })}\n`)
}

/** What there is now: the client may have missed some. */
function sendValues(context: RouteContext): Promise<void> {
  const { key, reply, services } = context
  return withOperation(context, async () => {
    const gone = new AbortController()
    onceGone(context, () => gone.abort())
    beginLines(context)
    try {
      const found = services.node.get(key, { signal: gone.signal, forwardEncrypted: true })
      for await (const value of found) {
        services.counters.lines++
        if (!(await writeLine(context, `${valueToJson(value)}\n`))) return
      }
    } catch (error) {
      // The subscription holds nevertheless, and its notifications will bring the values.
      if (gone.signal.aborted) return
      services.log?.write('warning', `[proxy] ${String(failureOf('Get failed', error))}`)
    }
    reply.end()
  })
}

/** Rejects with HttpError 503 when the store cannot be used. */
async function stored<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    throw failureOf('Subscription not changed', error)
  }
}

function requireTarget({ services }: RouteContext, body: JsonObject): PushTarget {
  const target = readTarget(body, services.kept.push.bundleId)
  if (target === undefined) throw new HttpError(400, 'No token: key must be a push token')
  return target
}
