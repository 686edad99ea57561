// SPDX-License-Identifier: MIT
// Gets and puts under way: how many there may be, and how many there are.

import { HttpError } from './http-error.ts'
import { isOver } from './limits.ts'
import type { ProxyServices } from './route.ts'

/** Runs `action` as one of them. Rejects with HttpError 503 when there are too many. */
export async function withOperation<T>(
  { counters, limits }: ProxyServices,
  action: () => Promise<T>,
): Promise<T> {
  if (isOver(counters.operations + 1, limits.maxOperations)) {
    counters.refused.operations++
    const message = `More than ${limits.maxOperations} gets and puts are under way: try again`
    throw new HttpError(503, message, { 'Retry-After': '1' })
  }
  counters.operations++
  try {
    return await action()
  } finally {
    counters.operations--
  }
}
