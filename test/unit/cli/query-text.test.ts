// SPDX-License-Identifier: MIT
// What users type as queries: what is meant is read as by the lenient parser, the rest refused.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConditions, readQuery } from '../../../src/cli/commands/query-text.ts'
import { parseQuery } from '../../../src/core/value/query-parser.ts'
import { run } from './console.ts'

const OWNER = '0123456789abcdef0123456789abcdef01234567'
const ALL_FIELDS = 'SELECT id,value_type,owner_public_key,seq,user_type'

describe('what is meant', () => {
  test('is read as the parser of queries reads it', () => {
    const conditions = [
      `id=5,value_type=3,seq=2,user_type="text/plain",owner_pk=${OWNER}`,
      'id=18446744073709551615',
      'user_type=where am I',
    ]
    for (const text of conditions) {
      const expected = `${parseQuery(`WHERE ${text}`).where}`
      for (const prefix of ['', 'WHERE ', 'where ', 'Where  ']) {
        assert.equal(`${readConditions(`${prefix}${text}`)}`, expected, text)
      }
      const query = readQuery(`SELECT id,user_type WHERE ${text}`)
      assert.equal(`${query}`, `${parseQuery(`SELECT id,user_type WHERE ${text}`)}`)
    }
    assert.ok(readConditions('').isEmpty)
  })

  test('may have spaces, either part alone, and nothing at all', () => {
    assert.equal(`${readConditions(' id = 5 , seq=2')}`, 'WHERE id=5,seq=2')
    assert.equal(`${readQuery('select id, seq')}`, 'Query[SELECT id,seq ]')
    assert.equal(`${readQuery('WHERE id=5')}`, `Query[${ALL_FIELDS} WHERE id=5]`)
    assert.equal(`${readQuery('')}`, `Query[${ALL_FIELDS} ]`)
  })
})

describe('what cannot be meant', () => {
  test('is refused as conditions with what was expected', () => {
    const refusals: [text: string, message: RegExp][] = [
      ['WHERE', /^Syntax error: no conditions after WHERE \(expected FIELD=VALUE\[,FIELD/],
      ['id', /: condition "id" \(expected FIELD=VALUE\)$/],
      ['id=', /: condition "id=" /],
      ['id=5,', /: condition "" /],
      ['user_type=a=b', /: condition "user_type=a=b" /],
      ['id=xyz', /: invalid id in WHERE: xyz \(expected a decimal number of 0 to 1844\d+\)$/],
      ['WHERE id=abc', /: abc \(expected .*; as hexadecimal, this is 2748\)$/],
      ['id=0x10', /: 0x10 \(expected .*; as hexadecimal, this is 16\)$/],
      ['id=-1', /: invalid id in WHERE: -1 /],
      ['id=18446744073709551616', /: invalid id in WHERE: 18446744073709551616 /],
      ['value_type=x', /: invalid value_type in WHERE: x \(expected .* 0 to 65535\)$/],
      ['value_type=65536', /: invalid value_type in WHERE: 65536 /],
      ['seq=1.5', /: invalid seq in WHERE: 1\.5 /],
      ['owner_pk=abc', /: invalid owner_pk in WHERE: abc \(expected 40 hexadecimal digits\)$/],
      [`owner_pk=${OWNER}0`, /: invalid owner_pk /],
      ['colour=blue', /: unknown field "colour" in WHERE \(one of id, .*, user_type\)$/],
      ['value-type=1', /: unknown field "value-type" .*\. Did you mean value_type\?$/],
      ['toString=1', /: unknown field "toString" /],
    ]
    for (const [text, message] of refusals) {
      const expected = { name: 'SyntaxError', message }
      assert.throws(() => readConditions(text), expected, text)
      if (!/^where/i.test(text)) assert.throws(() => readQuery(`WHERE ${text}`), expected, text)
    }
  })

  test('is refused as a query with what was expected', () => {
    const refusals: [text: string, message: RegExp][] = [
      ['id', /: unexpected "id" \(expected SELECT or WHERE\)$/],
      ['SELEC id', /: unexpected "SELEC" /],
      ['SELECT', /: no fields after SELECT \(expected some of id, value_type,/],
      ['SELECT WHERE id=5', /: no fields after SELECT /],
      ['SELECT foo', /: unknown field "foo" in SELECT \(one of id, /],
      ['SELECT id,', /: unknown field "" in SELECT /],
      ['SELECT id WHERE', /: no conditions after WHERE /],
    ]
    for (const [text, message] of refusals) {
      assert.throws(() => readQuery(text), { name: 'SyntaxError', message }, text)
    }
  })

  test('asks the network nothing, and scripts learn it', async () => {
    const { node, errors, session } = await run({}, 'g k WHERE id=abc', 'q k SELECT a', 'l k WHERE')
    assert.deepEqual(node.calls, [])
    assert.equal(errors.match(/^Syntax error: /gm)?.length, 3)
    assert.equal(session.status, 2)
  })
})
