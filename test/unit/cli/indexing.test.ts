// SPDX-License-Identifier: MIT
// The commands of indexes, and how what they find is shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { indexTypes, packEntry } from '../../../src/pht/index-entry.ts'
import { KeySpec } from '../../../src/pht/key-spec.ts'
import { Prefix } from '../../../src/pht/prefix.ts'
import { Console, run } from './console.ts'

const HASH = '0123456789abcdef0123456789abcdef01234567'
const FOUND = [
  'Pht::lookup: found entries!',
  '   entries:',
  `      ${HASH}[vid: 0]`,
  'Pht::lookup: done. took TIME',
]

describe('index commands', () => {
  test('a lookup finds what was inserted before it', async () => {
    const insert = `ii people name:ann,year:88 ${HASH}`
    const { lines, node, session } = await run({}, insert, 'il people year:88,name:ann')
    assert.deepEqual(lines.join('\n').split('\n'), ['Pht::insert: done.', ...FOUND])
    const { content } = new KeySpec({ name: 3, year: 2 }).linearise({ name: 'ann', year: '88' })
    const entry = packEntry(indexTypes('people'), {
      content,
      hash: InfoHash.fromHex(HASH)!,
      id: 0n,
    })
    assert.ok(node.values.some((value) => value.contentEquals(entry)))
    assert.ok(node.calls.includes(`put ${Prefix.ROOT.key}`))
    assert.equal(session.status, 0)
  })

  test('a lookup that finds nothing says so by its last line alone', async () => {
    const { lines } = await run({}, 'il people name:ann')
    assert.deepEqual(lines, ['Pht::lookup: done. took TIME'])
  })

  test('false asks for the closest key', async () => {
    const { lines } = await run({}, `ii p k:abc ${HASH}`, 'il p k:abd', 'il p k:abd false')
    const expected = ['Pht::insert: done.', 'Pht::lookup: done. took TIME', ...FOUND]
    assert.deepEqual(lines.join('\n').split('\n'), expected)
  })

  test('a key that does not fit the first one says why', async () => {
    const { lines, session } = await run({}, `ii p k:ab ${HASH}`, 'il p k:abc', 'il p j:a')
    const hint = 'What was inserted or found first decides the fields of an index'
    assert.deepEqual(lines.slice(1), [
      `Pht::lookup: failed. took TIME: key.k must have <= 2 bytes: got 3. ${hint}`,
      `Pht::lookup: failed. took TIME: key has a field "j", but the index has "k". ${hint}`,
    ])
    assert.equal(session.status, 2)
  })

  test('only what was inserted or found decides the fields', async () => {
    const { lines, errors, session } = await run(
      {},
      ...['il p k:abcdef', 'ii p k:abcdef', `ii p k:${'a'.repeat(2000)} ${HASH}`],
      ...['il p k:x,j:y', `ii p k:ab ${HASH}`, 'il p k:ab', 'il p k:abc'],
    )
    const [none, alsoNone, done, ...found] = lines.join('\n').split('\n')
    assert.deepEqual([none, alsoNone], Array(2).fill('Pht::lookup: done. took TIME'))
    assert.deepEqual([done, ...found.slice(0, 4)], ['Pht::insert: done.', ...FOUND])
    assert.match(found[4]!, /^Pht::lookup: failed.*key\.k must have <= 2 bytes: got 3/)
    assert.match(
      errors,
      /^Syntax error: no hash to index\. Syntax: ii .*\nspec\.k must be .* got 2000\n$/,
    )
    assert.equal(session.status, 2)
  })

  test('an insert that failed decides nothing', async () => {
    const console = new Console()
    console.node.failure = 'ERR_DHT_NO_NODES'
    console.type(`ii p k:ab ${HASH}`)
    await console.until(/insert: failed/)
    console.node.failure = undefined
    console.type(`ii p k:abcd ${HASH}`)
    await console.until(/insert: done/)
    console.session.end()
    await console.done
  })

  test('the last word of a lookup is true or false', async () => {
    const { lines, errors } = await run({}, 'il p k:ab true', 'il p k:ab maybe')
    assert.deepEqual(lines, ['Pht::lookup: done. took TIME'])
    assert.match(errors, /^Syntax error: unexpected "maybe"\. Syntax: il NAME .* \[false\]\n$/)
  })

  test('failures of the network are told', async () => {
    const { lines, session } = await run(
      { failure: 'ERR_DHT_NO_NODES' },
      `ii p k:ab ${HASH}`,
      'il p k:ab',
    )
    assert.deepEqual(lines, [
      'Pht::insert: failed: no node of the network answered',
      'Pht::lookup: failed. took TIME: no node of the network answered',
    ])
    assert.equal(session.status, 3)
  })

  test('both need their arguments', async () => {
    const commands = [
      'ii',
      'ii p',
      'ii p k',
      'ii p k:a',
      'ii p k:a xyz',
      `ii p k:a,k:b ${HASH}`,
      'il',
    ]
    const { errors, node } = await run({}, ...commands, 'il p')
    const lines = errors.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => /^Syntax error: ([^:.]*)/.exec(line)?.[1]),
      [
        'no index',
        'invalid key',
        'invalid key',
        'no hash to index',
        'invalid InfoHash',
        'a field is given twice',
        'no index',
        'invalid key',
      ],
    )
    assert.deepEqual(node.calls, [])
  })
})
