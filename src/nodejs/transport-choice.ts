// SPDX-License-Identifier: MIT
// Decides how a node talks UDP: in batches where this platform can, else through node:dgram.

import { DhtError } from '../core/errors.ts'
import type { Log } from '../core/ports.ts'
import { loadKoffiCalls } from './mmsg/koffi-calls.ts'
import { mmsgOpener } from './mmsg/mmsg-transport.ts'
import { SharedSlots } from './mmsg/shared-slots.ts'
import type { OpenTransport } from './transport.ts'

const TRANSPORTS = ['auto', 'mmsg', 'dgram'] as const
const MAX_COALESCING_MS = 10

/** `auto` is `mmsg` where there is such a thing, else `dgram`. */
export type TransportName = (typeof TRANSPORTS)[number]

export interface TransportOptions {
  readonly transport: TransportName
  readonly receiveCoalescingMs: number
}

/** Throws TypeError or RangeError naming the wrong option. */
export function checkTransportOptions({
  transport = 'auto',
  receiveCoalescingMs = 0,
}: {
  transport?: TransportName | undefined
  receiveCoalescingMs?: number | undefined
}): TransportOptions {
  if (!TRANSPORTS.includes(transport)) {
    throw new TypeError(`transport must be one of ${TRANSPORTS.join(', ')}: got ${transport}`)
  }
  const isInRange = receiveCoalescingMs >= 0 && receiveCoalescingMs <= MAX_COALESCING_MS
  if (!Number.isInteger(receiveCoalescingMs) || !isInRange) {
    const range = `a whole number of 0 to ${MAX_COALESCING_MS}`
    throw new RangeError(`receiveCoalescingMs must be ${range}: got ${receiveCoalescingMs}`)
  }
  return { transport, receiveCoalescingMs }
}

/** What batches need, or why there can be none. */
export type Batches = { readonly shared: SharedSlots } | { readonly reason: string }

/**
 * What opens the sockets. `load` is asked only if batches are wanted. Throws ERR_DHT_BIND when they
 * are wanted by name and cannot be had; with `auto` one line of the log says so. In a worker thread
 * they have to be wanted by name.
 */
export function chooseTransport(
  { transport, receiveCoalescingMs }: TransportOptions,
  log: Log | undefined,
  load: (evenInWorker: boolean) => Batches = loadOnce,
): OpenTransport {
  if (transport === 'dgram') return openDgram
  const batches = load(transport === 'mmsg')
  if ('shared' in batches) return mmsgOpener(batches.shared, receiveCoalescingMs)
  const text = `Cannot send and receive in batches: ${batches.reason}`
  if (transport === 'mmsg') throw new DhtError('ERR_DHT_BIND', text)
  if (log?.enabled('debug')) log.write('debug', `${text}. The transport is dgram`)
  return openDgram
}

/** Loads `node:dgram` for those who use it. */
const openDgram: OpenTransport = async (where, handler) => {
  const { openDgramTransport } = await import('./dgram-transport.ts')
  return openDgramTransport(where, handler)
}

let loaded: Batches | undefined

/** Sockets of one thread share their memory, whichever node they belong to. */
function loadOnce(evenInWorker: boolean): Batches {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  // koffi aborts the process when a thread is terminated in the middle of a callback: whoever asks
  // for it closes its nodes before.
  if (!isMainThread && !evenInWorker) return { reason: 'only in the main thread' }
  if (loaded === undefined) {
    const calls = loadKoffiCalls()
    loaded = 'calls' in calls ? { shared: new SharedSlots(calls.calls) } : calls
  }
  return loaded
}
