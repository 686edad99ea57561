// SPDX-License-Identifier: MIT
// Gets and puts (spec proxy, sections 4.2 and 4.3).

import { valueToJson } from '../../protocol/value-json.ts'
import { failureOf } from '../node-failure.ts'
import { onceGone } from '../once-gone.ts'
import { withOperation } from '../operations.ts'
import { hostOf } from '../peers.ts'
import { readJson, toRequestValue } from '../read-body.ts'
import { beginLines, sendJson } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'
import { writeLine } from '../streams/write-line.ts'
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
  const gone = new AbortController()
  const forget = onceGone(context, () => gone.abort())
  try {
    const found = services.node.get(key, { signal: gone.signal, forwardEncrypted: true })
    for await (const value of found) {
      if (!reply.headersSent) beginLines(context)
      services.counters.lines++
      if (!(await writeLine(context, `${valueToJson(value)}\n`))) return
    }
  } catch (error) {
    if (gone.signal.aborted) return
    throw failureOf('Get failed', error)
  } finally {
    // An abort that stops nothing would still cost an exception.
    forget()
  }
  if (!reply.headersSent) beginLines(context)
  reply.end()
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
