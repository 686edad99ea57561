// SPDX-License-Identifier: MIT
// Gets and puts (spec proxy, sections 4.2 and 4.3).

import { valueToJson } from '../../protocol/value-json.ts'
import { failureOf } from '../node-failure.ts'
import { onceGone } from '../once-gone.ts'
import { withOperation } from '../operations.ts'
import { hostOf } from '../peers.ts'
import { readJson, toRequestValue } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'
import { FoundLines } from '../streams/found-lines.ts'
import { traced } from '../tracing.ts'

export const VALUE_ROUTES: readonly Route[] = ['/:key', '/key/:key'].flatMap((path) => [
  { method: 'GET', path, handle: get },
  { method: 'POST', path, handle: put },
])

/** Headers go out with the first value: a get that fails before that has a status to say so. */
function get(context: RouteContext): Promise<void> {
  return traced(context, 'get', () => withOperation(context, () => sendFound(context)))
}

async function sendFound(context: RouteContext): Promise<void> {
  const { key, reply, services } = context
  // The client left before it was its turn.
  if (reply.destroyed) return
  const found = services.node.get(key, { forwardEncrypted: true })[Symbol.asyncIterator]()
  const lines = new FoundLines(context)
  let isGone = false
  const forget = onceGone(context, () => {
    isGone = true
    void found.return?.()
  })
  try {
    for (let next = await found.next(); next.done !== true; next = await found.next()) {
      const isWritten = lines.add(valueToJson(next.value))
      if (isWritten === true || (await isWritten)) continue
      void found.return?.()
      return
    }
    if (!isGone) lines.end()
  } catch (error) {
    if (!isGone) throw failureOf('Get failed', error)
  } finally {
    forget()
    lines.stop()
  }
}

/** Goes on when the client hangs up: what was sent is to be stored. */
async function put(context: RouteContext): Promise<void> {
  const { key, services } = context
  const address = hostOf(context.peer.address)
  const body = await readJson(context)
  const value = toRequestValue(body)
  const { permanent } = body
  const action = async () => {
    try {
      if (permanent !== undefined) {
        return await services.kept.puts.put({ key, value, permanent, address })
      }
      return await services.kept.puts.putOnce(key, value)
    } catch (error) {
      throw failureOf('Put failed', error)
    }
  }
  const stored = await traced(context, 'put', () => withOperation(context, action))
  await sendJson(context, `${valueToJson(stored)}\n`)
}
