// SPDX-License-Identifier: MIT
// Tells when a reply is over, whether it was sent or the client went away.

import type { IncomingMessage, ServerResponse } from 'node:http'

interface Exchange {
  readonly request: IncomingMessage
  readonly reply: ServerResponse
}

/** Calls `action` once. Returns what prevents it. */
export function onceGone({ request, reply }: Exchange, action: () => void): () => void {
  // Before Node.js 24, a reply that waits for an earlier one on its connection never hears of the
  // end of that.
  const socket = reply.socket === null ? request.socket : undefined
  const forget = (): void => {
    reply.off('close', run)
    socket?.off('close', run)
  }
  const run = (): void => {
    forget()
    action()
  }
  reply.on('close', run)
  socket?.on('close', run)
  return forget
}
