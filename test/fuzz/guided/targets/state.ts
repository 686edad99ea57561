// SPDX-License-Identifier: MIT
// State files of a node, of a C++ proxy, and records of ours: read as far as they make sense, and
// taken in by an engine, which writes a state that reads as itself.

import { Dht } from '../../../../src/core/dht.ts'
import { DhtError, WireError } from '../../../../src/core/errors.ts'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { packState, unpackState } from '../../../../src/core/storage/state.ts'
import { packRecord, unpackRecord } from '../../../../src/proxy/server/store/records.ts'
import { unpackUpstreamState } from '../../../../src/proxy/server/store/upstream-state.ts'
import { put, subscription } from '../../../support/record-samples.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { fromHex } from '../../../support/vectors.ts'
import { type FuzzTarget, vectorText, words } from '../target.ts'

const NOW = 1000

export const target: FuzzTarget = {
  seeds() {
    const files = ['core/state-2.4.12', 'core/state-4.3.1']
    const recorded = files.flatMap((name) =>
      Array.from(vectorText(name).matchAll(/"((?:[0-9a-f]{2}){20,})"/g), (match) =>
        fromHex(match[1]!),
      ),
    )
    const id = InfoHash.get('node')
    const records = [put('key', 1n), subscription('key')].map((it) => Buffer.from(packRecord(it)))
    return [...recorded.slice(0, 60), packState({ id, nodes: [], values: [] }), ...records]
  },
  dictionary: words('v id nodes values addr kind put listen key expiresAt isNoticed target value'),
  run(input) {
    const bytes = new Uint8Array(input)
    unlessDamaged(() => takeIn(bytes))
    unlessDamaged(() => unpackUpstreamState(bytes, 'file'))
    const record = unpackRecord(Buffer.from(bytes).toString('utf8'))
    if (record === undefined) return
    if (packRecord(unpackRecord(packRecord(record))!) !== packRecord(record)) {
      throw new Error('a record reads as another one')
    }
  },
}

function takeIn(bytes: Uint8Array): void {
  const { id } = unpackState(bytes)
  const random = new SeededRandom(1)
  const dht = new Dht({ ...(id === undefined ? {} : { id }), families: [4, 6] }, { random }, NOW)
  dht.syncWallClock(1_700_000_000_000)
  dht.importState(bytes, NOW)
  dht.advance(NOW + 60_000)
  const written = dht.exportState(NOW + 60_000)
  const again = packState(unpackState(written))
  if (Buffer.compare(written, again) !== 0) throw new Error('a state reads as another one')
}

function unlessDamaged(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    const isRefusal = error instanceof DhtError && error.code === 'ERR_DHT_STATE'
    if (!(error instanceof WireError) && !isRefusal) throw error
  }
}
