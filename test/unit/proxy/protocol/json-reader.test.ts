// SPDX-License-Identifier: MIT
// The lenient JSON of proxies, and what it must not do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../../../src/proxy/protocol/json-reader.ts'
import { toJsonText } from '../../../../src/proxy/protocol/json-text.ts'

test('integers keep their digits', () => {
  assert.equal(parseJson('9007199254740991'), 9007199254740991)
  assert.equal(parseJson('9007199254740993'), 9007199254740993n)
  assert.equal(parseJson('-18446744073709551615'), -18446744073709551615n)
  assert.deepEqual(parseJson('[1234567890123456789,1.5,1e3]'), [1234567890123456789n, 1.5, 1000])
  assert.equal(parseJson('1'.repeat(1000)), Number('1'.repeat(1000)), 'nobody has to count these')
})

test('comments, commas at the end and what follows the document are passed over', () => {
  const expected = { a: [1, true, null], b: '/* x */' }
  for (const text of [
    '{"a":[1,true,null],"b":"/* x */"} and more',
    ' // first\n{ "a": [1, true, null,], /* then */ "b": "/* x */", }',
    '/**/{"a":[1,true,null],"b":"/* x */"}\u0000',
  ]) {
    assert.deepEqual(JSON.parse(JSON.stringify(parseJson(text))), expected, text)
  }
})

test('what is no JSON is a SyntaxError that says where', () => {
  for (const text of ['', '{', '[1', '{"a" 1}', "{'a':1}", 'nul', '"a', '{"a":}', '/* x', '-']) {
    assert.throws(
      () => parseJson(text),
      /^SyntaxError: Incorrect JSON: expected .* at \d+, got /,
      text,
    )
  }
  assert.throws(() => parseJson('['.repeat(1_000_000)), SyntaxError)
})

test('what was written is read, as the built-in parser does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      const read = parseJson(`${text} // lenient 1234567890123456789`)
      const plain = JSON.stringify(read, (_, item) =>
        typeof item === 'bigint' ? Number(item) : item,
      )
      assert.deepEqual(JSON.parse(plain), JSON.parse(text))
    }),
  )
})

test('texts are ASCII with keys in order, and mean the same', () => {
  assert.equal(
    toJsonText({ b: 'é\u{1f600}\u0001"\\/', a: { d: 1, c: undefined }, B: [true] }),
    '{"B":[true],"a":{"d":1},"b":"\\u00e9\\ud83d\\ude00\\u0001\\"\\\\/"}',
  )
})

test('nothing is slow to read', () => {
  const long = 200_000
  const texts = [
    `{"a":"${'\\'.repeat(long)}`,
    `/*${'*'.repeat(long)}`,
    `${' \t'.repeat(long)}x`,
    `{"a":"${'x'.repeat(long)}", 1234567890123456789`,
  ]
  const startedAt = performance.now()
  for (const text of texts) assert.throws(() => parseJson(text), SyntaxError)
  assert.ok(performance.now() - startedAt < 2000)
})

test('long texts are read, by our own rules too', () => {
  const text = 'x'.repeat(10_000_000)
  assert.deepEqual(parseJson(`{"data":"${text}",}`), { __proto__: null, data: text })
})
