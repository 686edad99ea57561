// SPDX-License-Identifier: MIT
// Texts of queries: nothing but TypeError for unknown fields, and what was read can be written and
// read again as the same.

import { WireError } from '../../../../src/core/errors.ts'
import { packQuery, unpackQuery } from '../../../../src/core/value/query-codec.ts'
import { parseQuery } from '../../../../src/core/value/query-parser.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'
import { type FuzzTarget, vectorText, words } from '../target.ts'

export const target: FuzzTarget = {
  seeds() {
    const texts = vectorText('core/queries').matchAll(/"((?:SELECT|WHERE)[^"]*)"/g)
    return Array.from(texts, ([, text]) => new TextEncoder().encode(text))
  },
  dictionary: words(
    'SELECT WHERE select where id value_type owner_pk seq user_type = , " 0x 1e9 =',
  ),
  maxBytes: 512,
  run(input) {
    const text = new TextDecoder().decode(input)
    try {
      const query = parseQuery(text)
      const writer = new MsgpackWriter()
      packQuery(writer, query)
      const again = unpackQuery(new MsgpackReader(writer.take()))
      if (!again.equals(query.wire)) throw new Error(`"${query}" was read as "${again}"`)
    } catch (error) {
      const isMistake = error instanceof TypeError && /field/.test(error.message)
      // More than peers take, which have limits that texts have not.
      if (!isMistake && !(error instanceof WireError)) throw error
    }
  },
}
