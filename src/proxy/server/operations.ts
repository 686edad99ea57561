// SPDX-License-Identifier: MIT
// Gets and puts under way: how many there may be, in all and of one address, and how many are.

import { HttpError } from './http-error.ts'
import { isOver } from './limits.ts'
import type { RouteContext } from './route.ts'

type Parts = Pick<RouteContext, 'services' | 'peer'>

/**
 * Runs `action` as one of them, when its turn comes. Rejects with HttpError 503 or 429 when there
 * are too many.
 */
export async function withOperation<T>(parts: Parts, action: () => Promise<T>): Promise<T> {
  admit(parts)
  const { services, peer } = parts
  services.counters.operations++
  peer.operations++
  try {
    return await new Promise<T>((resolve, reject) => {
      services.turns.run(() => void action().then(resolve, reject))
    })
  } finally {
    services.counters.operations--
    peer.operations--
  }
}

function admit({ services: { counters, limits }, peer }: Parts): void {
  const isFull = isOver(counters.operations + 1, limits.maxOperations)
  if (!isFull && !isOver(peer.operations + 1, limits.maxOperationsPerAddress)) return
  counters.refused.operations++
  const [status, count, whose] = isFull
    ? [503, limits.maxOperations, '']
    : [429, limits.maxOperationsPerAddress, ' of your address']
  const message = `More than ${count} gets and puts${whose} are under way: try again`
  throw new HttpError(status, message, { 'Retry-After': '1' })
}
