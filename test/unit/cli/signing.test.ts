// SPDX-License-Identifier: MIT
// The commands that need an identity, and how what they put is shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { utf8 } from '../../../src/core/util/bytes.ts'
import { Value } from '../../../src/core/value/value.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { run } from './console.ts'

const MYKEY = '816cc20437d859538736e1ef46558b7bda486c06'
const USING = `Using h(mykey) = ${MYKEY}`
const SUCCESS = 'success (took TIME). Value ID: ID'
const { publicKey } = await PrivateKey.generate({ bits: 2048 })

describe('with an identity', () => {
  const identity = { publicKey }
  const longId = '01'.repeat(32)

  test('a signed put says how long it took and under which id', async () => {
    const { lines, node } = await run(identity, 's mykey two  words')
    assert.deepEqual(lines, [USING, `Put signed: ${SUCCESS}`])
    assert.deepEqual(node.calls, [`putSigned ${MYKEY}`])
    assert.equal(node.values[0]!.userType, 'text/plain')
    assert.equal(Buffer.from(node.values[0]!.data).toString(), 'two  words')
  })

  test('an encrypted put takes either id of a public key', async () => {
    const id = MYKEY.toUpperCase()
    const { lines, node, errors } = await run(identity, `e mykey ${id} a text`, `e svc ${longId} b`)
    const results = lines.filter((line) => !line.startsWith('Using '))
    assert.deepEqual(results, Array(2).fill(`Put encrypted: ${SUCCESS}`))
    const svc = InfoHash.get('svc')
    assert.deepEqual(node.calls, [
      `putEncrypted ${MYKEY} ${MYKEY}`,
      `putEncrypted ${svc} ${longId}`,
    ])
    assert.equal(Buffer.from(node.values[0]!.data).toString(), 'a text')
    assert.equal(errors, '')
  })

  test('a put that fails says why, and whether the value is stored here', async () => {
    const lonely = { ...identity, failure: 'ERR_DHT_NO_NODES' } as const
    const { lines, session } = await run(lonely, 's mykey text')
    assert.match(
      lines[1]!,
      /^Put signed: failure \(took TIME\)\. Value ID: ID \(stored locally only: no node .*\)$/,
    )
    assert.equal(session.status, 3)
    const unknown = await run({ ...identity, isKnown: false }, `e mykey ${longId} text`)
    const reason = 'no certificate with this id was found'
    assert.equal(unknown.lines[1], `Put encrypted: failure (took TIME): ${reason}`)
    assert.equal(unknown.session.status, 3)
  })

  test('both need their arguments', async () => {
    const commands = ['s', 's mykey', 'e', 'e mykey', 'e mykey bob text', `e mykey ${MYKEY}0 text`]
    const { errors, node } = await run(identity, ...commands, `e mykey ${MYKEY}`)
    const expected = [
      /no key\. Syntax: s KEY TEXT$/,
      /no value\. Syntax: s KEY TEXT$/,
      /no key\. Syntax: e KEY KEY-ID TEXT$/,
      /invalid public key id: \(none\) \(40 or 64 hexadecimal digits\)/,
      /invalid public key id: bob /,
      /invalid public key id: 816cc2\w{35} /,
      /no value\. Syntax: e KEY KEY-ID TEXT$/,
    ]
    const lines = errors.trimEnd().split('\n')
    assert.equal(lines.length, expected.length, errors)
    for (const [i, pattern] of expected.entries()) assert.match(lines[i]!, pattern)
    assert.deepEqual(node.calls, [])
  })

  test('ll shows both ids of the public key', async () => {
    const { out } = await run(identity, 'll')
    assert.ok(out.includes(` running on port 4222\nPublic key ID ${publicKey.id}\nStorage: `))
    assert.ok(out.includes(`\nPublic key long ID ${publicKey.longId}\nIPv4 stats:\n`))
  })

  test('what is signed, decrypted or encrypted is shown as such', async () => {
    const owner = publicKey.toDer()
    const signature = new Uint8Array([1])
    const data = utf8('text')
    const fields = { id: 1n, owner, signature, data, userType: 'text/plain' }
    const values = [
      new Value({ ...fields, seq: 3 }),
      new Value({ ...fields, recipient: publicKey.id }),
      new Value({ id: 2n, cypher: data }),
    ]
    const { lines } = await run({ values }, 'g mykey')
    assert.deepEqual(lines.slice(2, 5), [
      '\tValue[id:1 signed (v3) data(text/plain):"text"]',
      '\tValue[id:1 signed (v0) decrypted data(text/plain):"text"]',
      '\tValue[id:2 encrypted ]',
    ])
  })
})

test('without an identity nothing is signed or encrypted', async () => {
  const { errors, node, session } = await run({}, 's mykey text', `e mykey ${MYKEY} text`)
  const lines = ['s', 'e'].map(
    (name) =>
      `Command ${name} needs an identity: start dhtnode with -i, or --certificate and --privkey\n`,
  )
  assert.equal(errors, lines.join(''))
  assert.deepEqual(node.calls, [])
  assert.equal(session.status, 2, 'scripts learn it')
})
