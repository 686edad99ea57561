// SPDX-License-Identifier: MIT
// Queries across implementations: conditions that the storing node applies, and selected fields.
// All values are on the one side, and the other one asks.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PutError } from '../../src/api/errors.ts'
import type { FieldValueIndex } from '../../src/core/value/field-value-index.ts'
import type { Value } from '../../src/core/value/value.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import {
  addressOf,
  FAMILIES,
  hex,
  type InteropFamily,
  InteropNetwork,
  Signer,
} from '../support/interop-kit.ts'

const signer = new Signer()
const signed = signer.sign({ id: 4n, data: 'signed', seq: 5 })
const OWNER = signed.ownerId!.toString()
const NO_OWNER = '0'.repeat(40)
const VALUES = [
  { id: 1n, type: 0, data: Buffer.from('one'), userType: 'text/plain' },
  { id: 2n, type: 3, data: Buffer.from('two'), userType: 'text/plain' },
  { id: 3n, type: 3, data: Buffer.from('three'), userType: 'text/html' },
  signed,
]

/** Conditions, and the ids of the values that fulfil them. */
const CONDITIONS: readonly [where: string, ids: readonly bigint[]][] = [
  ['WHERE id=2', [2n]],
  ['WHERE value_type=3', [2n, 3n]],
  ['WHERE user_type=text/plain', [1n, 2n]],
  ['WHERE value_type=3,user_type=text/plain', [2n]],
  [`WHERE owner_pk=${OWNER}`, [4n]],
  ['WHERE value_type=0', [1n, 4n]],
  ['WHERE id=1,value_type=3', []],
]

/** Queries, and what is found, in the notation of the original. */
const SELECTIONS: readonly [query: string, results: readonly string[]][] = [
  ['SELECT id', ['Index[Id:1]', 'Index[Id:2]', 'Index[Id:3]', 'Index[Id:4]']],
  ['SELECT id,value_type WHERE id=3', ['Index[Id:3,ValueType:3]']],
  ['SELECT seq,id WHERE value_type=0', ['Index[Id:1,Seq:0]', 'Index[Id:4,Seq:5]']],
  [
    'SELECT id,user_type WHERE value_type=3',
    ['Index[Id:2,UserType:text/plain]', 'Index[Id:3,UserType:text/html]'],
  ],
  ['SELECT owner_pk WHERE id=1', [`Index[Owner:${NO_OWNER}]`]],
  ['SELECT id WHERE id=99', []],
]

/** The original cannot read the owner that it sends itself, and does not send conditions on seq. */
const SELECTIONS_HERE: typeof SELECTIONS = [
  ['SELECT id,owner_pk WHERE id=4', [`Index[Id:4,Owner:${OWNER}]`]],
  ['SELECT id,seq WHERE seq=5', ['Index[Id:4,Seq:5]']],
]

let host: CppHost

describe('query', { skip: cppAvailable(), concurrency: true }, () => {
  before(async () => {
    host = await CppHost.start()
  })
  after(() => host.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

function defineTests(family: InteropFamily): void {
  test('asked here, answered there', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addNode()
    for (const value of VALUES) {
      const result = await here.put('key', value, { permanent: true })
      assert.ok(await here.cancelPut('key', result.value)) // copies elsewhere stay
    }
    assert.deepEqual(here.getLocal('key'), [])
    for (const [where, ids] of CONDITIONS) {
      assert.deepEqual(idsOf(await here.getAll('key', { where })), ids, where)
    }
    for (const [query, results] of [...SELECTIONS, ...SELECTIONS_HERE]) {
      assert.deepEqual(await queryHere(here, query), results, query)
    }
  })

  test('asked there, answered here', async () => {
    await using network = await InteropNetwork.start(host, family)
    const [there] = network.cpp as [CppNode]
    const here = await network.addStranger()
    for (const value of VALUES) await assert.rejects(here.put('key', value), PutError)
    await network.introduce(here)
    for (const [where, ids] of CONDITIONS) {
      const { values } = await there.get(hex('key'), where)
      assert.deepEqual(idsOf(values), ids, where)
    }
  })

  test('asked by dhtnode, answered here', async () => {
    await using network = await InteropNetwork.start(host, family)
    const here = await network.addStranger()
    for (const value of VALUES) await assert.rejects(here.put('key', value), PutError)
    const args = ['-n', `${network.network}`, '-b', addressOf(here, family)]
    await using program = await DhtnodeProcess.start({ args })
    for (const [query, results] of SELECTIONS) {
      const { lines } = await program.query('key', query)
      assert.deepEqual([...lines].sort(), results, query)
    }
  })
}

async function queryHere(here: DhtRunner, query: string): Promise<string[]> {
  const found: FieldValueIndex[] = []
  for await (const fields of here.query('key', query)) found.push(fields)
  return found.map(String).sort()
}

function idsOf(values: readonly Pick<Value, 'id'>[]): bigint[] {
  return values.map(({ id }) => id).sort((a, b) => (a < b ? -1 : 1))
}
