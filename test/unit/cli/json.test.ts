// SPDX-License-Identifier: MIT
// What the commands print with --json: objects, one per line, and nothing else.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { describeAll } from '../../../src/cli/commands/registry.ts'
import { toJson } from '../../../src/cli/format/json.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { utf8 } from '../../../src/core/util/bytes.ts'
import { Value } from '../../../src/core/value/value.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { Console } from './console.ts'
import type { FakeNode } from './fake-node.ts'

const MYKEY = '816cc20437d859538736e1ef46558b7bda486c06'
const hello = new Value({ id: 5n, data: utf8('hello'), userType: 'text/plain' })

type JsonObject = Record<string, unknown>

async function run(node: Partial<FakeNode>, ...lines: string[]) {
  const console = new Console({ json: true })
  Object.assign(console.node, node)
  console.stdin.end(`${lines.join('\n')}\n`)
  await console.done
  const objects = console.out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject)
  return { objects, errors: console.errors }
}

test('every kind of object is in the documentation, and no other', () => {
  const root = new URL('../../../', import.meta.url)
  const folder = new URL('src/cli/', root)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.ts'))
  const texts = sources.map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const printed = texts.flatMap((text) => [...text.matchAll(/\bevent: '([\w.-]+)'/g)])
  const [, table = ''] = readFileSync(new URL('docs/tools.md', root), 'utf8').split('| Event |')
  const [rows = ''] = table.split('\n\n')
  const names = rows
    .split('\n')
    .flatMap((row) => row.split('|')[1]?.match(/[\w.-]*[a-z][\w.-]*/g) ?? [])
  assert.ok(names.length > 20)
  assert.deepEqual(names.toSorted(), [...new Set(printed.map(([, name]) => name!))].toSorted())
})

test('a get gives the values, and how it ended', async () => {
  const { objects } = await run({ values: [hello] }, 'g mykey')
  const value = { id: '5', type: 0, userType: 'text/plain', data: 'aGVsbG8=', text: 'hello' }
  assert.deepEqual(objects[0], { event: 'get.values', key: MYKEY, values: [value] })
  const { tookMs, ...end } = objects[1]!
  assert.deepEqual(end, { event: 'get.end', key: MYKEY, ok: true, total: 1 })
  assert.ok(typeof tookMs === 'number' && tookMs >= 0)
})

test('times have no more digits than they are worth', () => {
  const text = toJson({ event: 'x', tookMs: 1.234000000000037, updatedAgoMs: Infinity, total: 0.1 })
  assert.equal(text, '{"event":"x","tookMs":1.234,"updatedAgoMs":null,"total":0.1}')
})

test('failures say why', async () => {
  const failing = { failure: 'ERR_DHT_NO_NODES' } as const
  const { objects } = await run(failing, 'g mykey', 'q mykey', 'p mykey a', 'a mykey 80')
  const ends = objects.map(({ event, ok, error }) => `${event} ${ok} ${typeof error}`)
  assert.deepEqual(ends.toSorted(), [
    'announce.end false string',
    'get.end false string',
    'put.end false string',
    'query.end false string',
  ])
})

test('every command that prints data prints an object, and mistakes go elsewhere', async () => {
  const { publicKey } = await PrivateKey.generate({ bits: 2048 })
  const events: Record<string, string | undefined> = {
    ...{ p: 'put.end', pp: 'put.end', a: 'announce.end', s: 'put-signed.end' },
    ...{ e: 'put-encrypted.end', g: 'get.end', q: 'query.end', l: 'listen.start' },
    ...{ ll: 'node', lr: 'routing-tables', ls: 'searches', ld: 'storage', la: 'addresses' },
    ...{ h: 'help', ii: 'index.insert.end', il: 'index.lookup.end' },
  }
  const rest: Record<string, string> = {
    ...{ p: 'k text', pp: 'k text', a: 'k 80', s: 'k text', g: 'k', q: 'k', l: 'k' },
    ...{ e: `k ${MYKEY} text`, ii: `index k:abcd ${MYKEY}`, il: 'index k:abcd' },
  }
  for (const { names } of describeAll()) {
    const [name = ''] = names
    const expected = events[name]
    if (expected === undefined) continue
    const { objects, errors } = await run({ publicKey }, `${name} ${rest[name] ?? ''}`)
    assert.ok(
      objects.some(({ event }) => event === expected),
      `${name}: ${errors}`,
    )
  }
  const mistaken = await run({}, 'zzz', 'g', 'cpp k 1', 'ld nothing')
  assert.deepEqual(mistaken.objects, [{ event: 'storage', keys: [] }])
  assert.match(mistaken.errors, /^Unknown command: zzz\n/)
})

test('ids, addresses and signed values are texts; what is encrypted is not shown', () => {
  const owner = new Uint8Array([1, 2, 3])
  const signed = new Value({ id: 255n, owner, signature: owner, seq: 7, recipient: new InfoHash() })
  const secret = new Value({ id: 1n, cypher: owner })
  const address = SocketAddress.v4(0x7f000001, 4222)
  const read = JSON.parse(toJson({ event: 'x', signed, secret, address, id: InfoHash.get('a') }))
  assert.deepEqual(read.secret, { id: '1', isEncrypted: true, size: 3 })
  assert.equal(read.address, '127.0.0.1:4222')
  assert.equal(read.id, InfoHash.get('a').toString())
  assert.deepEqual(read.signed, {
    id: 'ff',
    type: 0,
    data: '',
    owner: signed.ownerId!.toString(),
    seq: 7,
    recipient: '0'.repeat(40),
  })
})
