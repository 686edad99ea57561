// SPDX-License-Identifier: MIT
// Which transport a node gets, and what it says when it cannot be the best one.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { SharedSlots } from '../../../src/nodejs/mmsg/shared-slots.ts'
import { checkTransportOptions, chooseTransport } from '../../../src/nodejs/transport-choice.ts'
import { openAt } from '../../support/transport-kit.ts'
import { batchCalls, batchesMissing } from '../../support/transports.ts'

const missing = () => ({ reason: 'no binary for this platform' })
const available = () => ({ shared: new SharedSlots(batchCalls!) })

function logOf(lines: string[]) {
  return { enabled: () => true, write: (_: string, text: string) => void lines.push(text) }
}

test('without batches auto is dgram, and says so in one line', async (t) => {
  const lines: string[] = []
  const open = chooseTransport(checkTransportOptions({}), logOf(lines), missing)
  for (const host of ['127.0.0.1', '::1']) {
    const [transport] = await openAt(t, open, host)
    assert.equal(transport.kind, 'dgram')
  }
  const line = 'Cannot send and receive in batches: no binary for this platform'
  assert.deepEqual(lines, [`${line}. The transport is dgram`])
})

test('without batches mmsg is an error that says why', () => {
  const lines: string[] = []
  const options = checkTransportOptions({ transport: 'mmsg' })
  assert.throws(() => chooseTransport(options, logOf(lines), missing), {
    name: 'DhtError',
    code: 'ERR_DHT_BIND',
    message: 'Cannot send and receive in batches: no binary for this platform',
  })
  assert.deepEqual(lines, [])
})

test('with batches auto is mmsg', { skip: batchesMissing }, async (t) => {
  const lines: string[] = []
  for (const name of ['auto', 'mmsg'] as const) {
    const options = checkTransportOptions({ transport: name })
    const open = chooseTransport(options, logOf(lines), available)
    const [transport] = await openAt(t, open, '127.0.0.1')
    assert.equal(transport.kind, 'mmsg')
  }
  assert.deepEqual(lines, [])
})

test('dgram does not even look', async (t) => {
  const options = checkTransportOptions({ transport: 'dgram' })
  const open = chooseTransport(options, undefined, () => assert.fail('looked'))
  const [transport] = await openAt(t, open, '127.0.0.1')
  assert.equal(transport.kind, 'dgram')
})

test('worker threads get dgram, or batches when they ask for them', {
  skip: batchesMissing,
}, async () => {
  const line = 'Cannot send and receive in batches: only in the main thread. The transport is dgram'
  assert.deepEqual(await inWorker('auto'), { kind: 'dgram', lines: [line] })
  assert.deepEqual(await inWorker('mmsg'), { kind: 'mmsg', lines: [] })
})

async function inWorker(transport: string): Promise<unknown> {
  const url = new URL('../../support/transport-worker.ts', import.meta.url)
  const worker = new Worker(url, { workerData: { transport } })
  // At once for both: a worker that ends may hand over its last message in the same turn.
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return message
}

test('a runtime that loads no binaries says so once, and works', () => {
  const entry = new URL('../../../src/nodejs/entry.ts', import.meta.url)
  const code = `
    import { DhtRunner } from '${entry}'
    const log = { enabled: () => true, write: (_, text) => console.log(text) }
    const node = await DhtRunner.start({ port: 0, log })
    console.log(node.transportStats.map(({ kind }) => kind).join())
    await node.close()`
  const parameters = ['--no-addons', '--input-type=module', '--eval', code]
  const { stdout } = spawnSync(process.execPath, parameters, { encoding: 'utf8' })
  assert.equal(stdout.match(/Cannot send and receive in batches/g)?.length, 1, stdout)
  assert.match(stdout, /^dgram(,dgram)?$/m)
})

test('wrong options are named', () => {
  const check = (options: object) => () => checkTransportOptions(options)
  assert.throws(check({ transport: 'udp' }), /^TypeError: transport .*auto, mmsg, dgram: got udp/)
  for (const receiveCoalescingMs of [-1, 0.5, 11, Number.NaN]) {
    assert.throws(check({ receiveCoalescingMs }), /^RangeError: receiveCoalescingMs/)
  }
})
