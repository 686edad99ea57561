// SPDX-License-Identifier: MIT
// Asks addresses whether a node lives there.

import type { OperationId } from '../core/events.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import { operationError } from './errors.ts'
import { onAbort } from './on-abort.ts'
import type { Operations } from './operations.ts'

/** Resolves to whether at least one of them answers, as soon as that is clear. */
export function pingAny(
  operations: Operations,
  addresses: readonly SocketAddress[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const pending = new Set<OperationId>()
    let left = addresses.length
    const settle = (act: () => void): void => {
      ignoreAbort()
      for (const operation of pending) operations.forget(operation)
      act()
    }
    const ignoreAbort = onAbort(signal, () => settle(() => reject(signal?.reason)))
    if (left === 0) settle(() => resolve(false))
    for (const address of addresses) {
      const operation = operations.start((dht, now) => dht.ping(address, now), {
        done: ({ outcome }) => {
          left--
          if (outcome === 'ok') settle(() => resolve(true))
          else if (outcome === 'closed') {
            settle(() => reject(operationError(`ping ${address}`, outcome)))
          } else if (left === 0) settle(() => resolve(false))
        },
      })
      pending.add(operation)
    }
  })
}
