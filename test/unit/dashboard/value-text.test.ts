// SPDX-License-Identifier: MIT
// How the dashboard shows the content of values: whatever the bytes, as harmless text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { putBody } from '../../../dashboard/src/data/put-input.ts'
import {
  bestForm,
  CONTENT_FORMS,
  showContent,
  summary,
  visible,
} from '../../../dashboard/src/data/value-text.ts'
import { packMsgpackValue } from '../../../src/discovery/msgpack-value.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('the best form of content is found', () => {
  assert.equal(bestForm(bytes('plain')), 'text')
  assert.equal(bestForm(bytes('{"a": [1]}')), 'json')
  assert.equal(bestForm(bytes('{not json')), 'text')
  assert.equal(bestForm(packMsgpackValue({ a: new Uint8Array([1]), b: 2n ** 60n })), 'msgpack')
  assert.equal(bestForm(Uint8Array.of(0xff, 0x00, 0x01)), 'hex')
  assert.equal(bestForm(new Uint8Array(0)), 'text')
})

test('each form shows what it can, and nothing for what it cannot', () => {
  assert.equal(showContent(bytes('{"a":1}'), 'json')!.text, '{\n  "a": 1\n}')
  assert.equal(showContent(bytes('x'), 'json'), undefined)
  assert.equal(showContent(Uint8Array.of(0xff), 'text'), undefined)
  assert.equal(showContent(bytes('text'), 'msgpack'), undefined)
  assert.match(showContent(bytes('AB\n'), 'hex')!.text, /^00000 {2}41 42 0a +AB\.$/)
})

test('long content is cut until all of it is asked for', () => {
  const long = bytes('y'.repeat(60_000))
  assert.deepEqual(showContent(long, 'text'), { text: 'y'.repeat(4000), isCut: true })
  assert.equal(showContent(long, 'text', true)!.text.length, 60_000)
  assert.equal(showContent(long, 'hex')!.isCut, true)
  assert.equal(showContent(long, 'hex', true)!.isCut, false)
})

test('controls are shown as signs', () => {
  assert.equal(visible('a\u0000b\u001bc\u007fd'), 'a␀b␛c␡d')
  assert.equal(visible('x\u202ey\u2066z\ufeff'), 'x[U+202E]y[U+2066]z[U+FEFF]')
  assert.equal(visible('kept:\n\t ü 漢 🔑'), 'kept:\n\t ü 漢 🔑')
})

test('no bytes make anything but harmless text', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be left
  const harmful = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      assert.doesNotMatch(summary(data), harmful)
      for (const form of [bestForm(data), ...CONTENT_FORMS]) {
        const shown = showContent(data, form)
        if (shown !== undefined) assert.doesNotMatch(shown.text, harmful)
      }
      assert.notEqual(showContent(data, bestForm(data)), undefined)
    }),
  )
})

test('what is typed becomes the body of a put, or an error that says what is wrong', () => {
  const input = { content: 'hi', form: 'text', userType: ' a/b ', valueId: '', isPermanent: false }
  const body = (part: object): unknown => JSON.parse(putBody({ ...input, ...part } as never))
  assert.deepEqual(body({}), { data: 'aGk=', type: 0, utype: 'a/b' })
  assert.deepEqual(body({ content: '00:ff 10', form: 'hex', userType: '' }), {
    data: 'AP8Q',
    type: 0,
  })
  assert.deepEqual(body({ valueId: '18446744073709551615', isPermanent: true, userType: '' }), {
    data: 'aGk=',
    type: 0,
    id: '18446744073709551615',
    permanent: true,
  })
  assert.throws(() => body({ content: '' }), /expected some content/)
  assert.throws(() => body({ content: '0', form: 'hex' }), /pairs of hexadecimal digits/)
  assert.throws(() => body({ content: '{', form: 'json' }), /expected JSON/)
  assert.throws(() => body({ valueId: '-1' }), /expected a value id/)
  assert.throws(() => body({ content: 'x'.repeat(65_001) }), /at most 65000 bytes, got 65001/)
})
