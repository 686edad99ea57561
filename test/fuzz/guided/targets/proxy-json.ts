// SPDX-License-Identifier: MIT
// Bodies of requests to a proxy, through everything that reads them: a value, a device to notify, a
// field list. Wrong ones are mistakes of the client, never faults of the proxy.

import { globSync } from 'node:fs'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { parseJson } from '../../../../src/proxy/protocol/json-reader.ts'
import {
  requireObject,
  valueFromJson,
  valueToJson,
} from '../../../../src/proxy/protocol/value-json.ts'
import { HttpError } from '../../../../src/proxy/server/http-error.ts'
import { readTarget } from '../../../../src/proxy/server/push/target-json.ts'
import { loadVectors } from '../../../support/vectors.ts'
import { type FuzzTarget, words } from '../target.ts'

export const target: FuzzTarget = {
  seeds() {
    const folder = new URL('../../../vectors/proxy/', import.meta.url)
    const names = globSync('**/*.json', { cwd: folder }).sort()
    const texts = new Set<string>()
    for (const name of names) {
      collect(loadVectors(`proxy/${name.replace('.json', '')}`), texts)
    }
    return [...texts].slice(0, 100).map((text) => new TextEncoder().encode(text))
  },
  dictionary: words(
    'id data type utype seq prio owner sig dht to body cypher permanent key client_id session_id ' +
      'topic platform keys p256dh auth : , { } [ ] " // /* */ null true 1e999 -0 ' +
      '18446744073709551616 \\u0000 \\ud800 __proto__ -----BEGIN',
  ),
  run(input) {
    const text = new TextDecoder().decode(input)
    unlessMistaken(() => {
      const body = requireObject(parseJson(text))
      unlessMistaken(() => readTarget(body, 'bundle'))
      unlessMistaken(() => readTarget(body['permanent'], 'bundle'))
      const value = valueFromJson(body)
      const json = valueToJson(value)
      // Strict, as all clients read it.
      const again = valueFromJson(JSON.parse(json))
      if (valueToJson(again) !== json) throw new Error(`${json} reads as another value`)
      packedValue(value)
    })
  },
}

/** As `asBadRequest` and the routes see it. */
function unlessMistaken(read: () => void): void {
  try {
    read()
  } catch (error) {
    const isMistake = error instanceof HttpError || error instanceof SyntaxError
    const hasName = error instanceof TypeError || error instanceof RangeError
    // Mistakes of ours would read "Cannot read properties of undefined" and the like.
    if (isMistake || (hasName && !/undefined|not a function|call stack/.test(error.message))) return
    throw error
  }
}

/** Every text that looks like an object. */
function collect(node: unknown, texts: Set<string>): void {
  if (typeof node === 'string' && /^\s*\{/.test(node) && node.length < 4096) texts.add(node)
  if (typeof node !== 'object' || node === null) return
  if ('data' in node || 'key' in node) texts.add(JSON.stringify(node).slice(0, 4096))
  for (const child of Object.values(node)) collect(child, texts)
}
