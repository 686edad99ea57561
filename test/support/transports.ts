// SPDX-License-Identifier: MIT
// The transports as tests run over all of them; one that this host does not have is skipped.

import { openDgramTransport } from '../../src/nodejs/dgram-transport.ts'
import { loadKoffiCalls } from '../../src/nodejs/mmsg/koffi-calls.ts'
import { mmsgOpener } from '../../src/nodejs/mmsg/mmsg-transport.ts'
import { SharedSlots } from '../../src/nodejs/mmsg/shared-slots.ts'
import type { SystemCalls } from '../../src/nodejs/mmsg/system-calls.ts'
import type { OpenTransport } from '../../src/nodejs/transport.ts'

export interface TestedTransport {
  readonly name: 'dgram' | 'mmsg'
  readonly open: OpenTransport
  /** Reason to skip, for `test`. */
  readonly skip: string | false
}

const loaded = loadKoffiCalls()
/** Real system calls for batches; undefined where there are none. */
export const batchCalls: SystemCalls | undefined = 'calls' in loaded ? loaded.calls : undefined
/** Why there are none. On Linux there have to be in continuous integration. */
export const batchesMissing: string | false = 'reason' in loaded ? loaded.reason : false

/** Opens sockets with these calls, such as real ones with faults. */
export function batchOpener(calls: SystemCalls, coalescingMs = 0): OpenTransport {
  return mmsgOpener(new SharedSlots(calls), coalescingMs)
}

export const TRANSPORTS: readonly TestedTransport[] = [
  { name: 'dgram', open: openDgramTransport, skip: false },
  {
    name: 'mmsg',
    open: batchCalls === undefined ? openDgramTransport : batchOpener(batchCalls),
    skip: batchesMissing,
  },
]
