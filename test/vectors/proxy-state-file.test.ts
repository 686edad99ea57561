// SPDX-License-Identifier: MIT
// State files of C++ proxies of both versions, taken over.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { fromUtf8 } from '../../src/core/util/bytes.ts'
import { EmbeddedStore } from '../../src/proxy/server/store/embedded-store.ts'
import {
  importStateFile,
  unpackUpstreamState,
} from '../../src/proxy/server/store/upstream-state.ts'
import { RememberingHolder } from '../support/record-samples.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const KEY_2 = InfoHash.fromHex('22'.repeat(20))!

for (const version of ['2.4.12', '4.3.1']) {
  suite(`state file of ${version}`, () => {
    const { hex } = loadVectors<{ hex: string }>(`proxy/state-file-${version}`)
    const bytes = fromHex(hex)

    test('has the permanent puts', () => {
      const records = unpackUpstreamState(bytes, 'file')
      const puts = records.filter((it) => it.kind === 'put')
      const ofKey = puts.filter(({ key }) => key.equals(KEY_2))
      const shown = ofKey.map(({ value, target }) => [
        fromUtf8(value.data),
        value.id === 5n || value.id === 6n ? value.id : 'random',
        target?.token,
        target?.clientId,
      ])
      assert.deepEqual(shown.sort(), [
        ['perm', 'random', undefined, undefined],
        ['permf', 5n, undefined, undefined],
        ['permo', 6n, 'devtoken', 'cli1'],
      ])
      assert(ofKey.every(({ expiresAt }) => Math.abs(expiresAt - 1_795_410_000_000) < 10_000_000))
    })

    test('has the subscriptions', () => {
      const records = unpackUpstreamState(bytes, 'file')
      const subscriptions = records.filter((it) => it.kind === 'listen')
      const android = subscriptions.filter(({ target }) => target.platform === 'android')
      assert(android.length >= 2)
      const up = subscriptions.filter(({ target }) => target.platform === 'unifiedpush')
      assert(up.every(({ target }) => target.token.startsWith('http://127.0.0.1:')))
      assert(up.length >= 2)
      const topics = subscriptions.map(({ target }) => target.topic)
      assert(topics.includes('my.topic') && topics.includes('net.example.bundle'))
    })

    test('is taken over once, without what has expired', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'opendht-import-'))
      try {
        const path = join(folder, 'state')
        writeFileSync(path, bytes)
        const all = unpackUpstreamState(bytes, path)
        const store = new EmbeddedStore()
        const holder = new RememberingHolder()
        await store.open(holder)
        const clock = new VirtualClock(Math.min(...all.map(({ expiresAt }) => expiresAt)))
        await importStateFile(path, { store, clock })
        const { size } = holder.held
        assert(size > 0 && size < all.length, `${size} of ${all.length}`)
        for (const id of holder.ids) await store.remove(id)
        await importStateFile(path, { store, clock })
        assert.equal(holder.held.size, 0)
        await importStateFile(join(folder, 'missing'), { store, clock })
        await store.close()
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    test('is refused when it is damaged, whatever the damage', () => {
      for (let length = 0; length < bytes.length; length += 7) {
        const code = { code: 'ERR_DHT_STATE' }
        assert.throws(() => unpackUpstreamState(bytes.subarray(0, length), 'file'), code)
      }
      for (let at = 0; at < bytes.length; at += 3) {
        const damaged = Uint8Array.from(bytes)
        damaged[at]! ^= 0xff
        try {
          unpackUpstreamState(damaged, 'file')
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_DHT_STATE', String(error))
        }
      }
    })
  })
}
