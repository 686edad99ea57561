// SPDX-License-Identifier: MIT
// Writes to a reply no faster than its client reads. What waits for a client is one line more than
// the buffer of its socket; a client that reads nothing for long is cut off.

import { onceGone } from '../once-gone.ts'
import type { RouteContext } from '../route.ts'
import { cutStalled } from '../stall-watch.ts'

/** Resolves to whether the client is still there, when there is room for more. */
export async function writeLine(context: RouteContext, line: string): Promise<boolean> {
  const { reply } = context
  if (reply.destroyed) return false
  return reply.write(line) || whenDrained(context)
}

export function whenDrained(context: RouteContext): Promise<boolean> {
  const { request, reply, services } = context
  const { limits, counters } = services
  return new Promise((resolve) => {
    const settle = (isThere: boolean): void => {
      clearTimeout(timer)
      reply.off('drain', onDrain)
      forget()
      resolve(isThere)
    }
    const onDrain = (): void => settle(true)
    const forget = onceGone(context, () => settle(false))
    const timer = setTimeout(() => {
      cutStalled(request.socket, counters)
      settle(false)
    }, limits.stallTimeoutMs)
    reply.on('drain', onDrain)
  })
}
