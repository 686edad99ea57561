// SPDX-License-Identifier: MIT
// The JSON form of values, as the C++ implementation wrote it.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { parseJson } from '../../src/proxy/protocol/json-reader.ts'
import { valueFromJson, valueToJson } from '../../src/proxy/protocol/value-json.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface JsonVector {
  label: string
  json_line: string
  packed_hex: string
}

for (const version of ['2.4.12', '4.3.1']) {
  suite(`JSON values of ${version}`, () => {
    const { values } = loadVectors<{ values: JsonVector[] }>(`proxy/value-json-${version}`)
    for (const { label, json_line, packed_hex } of values) {
      test(`${label}: packed to JSON`, () => {
        const value = unpackValueBytes(fromHex(packed_hex))
        assert.equal(valueToJson(value), withoutStrayByte(json_line))
      })

      test(`${label}: JSON to packed`, () => {
        const value = valueFromJson(parseJson(json_line))
        assert.equal(toHex(packedValue(value)), packed_hex)
      })
    }

    test('the end of a value in a stream', () => {
      const { records } = loadVectors<{ records: Recorded[] }>(`proxy/listen-stream-${version}`)
      const chunks = records.flatMap(({ segments }) => segments.map(([, bytes]) => bytes))
      const lines = chunks.flatMap((bytes) => bytes.match(/^\{.*"expired":true.*\}$/gm) ?? [])
      assert.equal(lines.length, 3)
      for (const line of lines) {
        assert.equal(valueToJson(valueFromJson(parseJson(line)), { expired: true }), line)
      }
    })
  })
}

interface Recorded {
  segments: [number, string][]
}

/** 2.4.12 writes the byte behind the end of a public key, too (opendht src/crypto.cpp). */
function withoutStrayByte(json: string): string {
  return json.replace('-----END PUBLIC KEY-----\\n\\u0000"', '-----END PUBLIC KEY-----\\n"')
}
