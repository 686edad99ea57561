// SPDX-License-Identifier: MIT
// A datagram through the decoder, and all that handlers read of it.

import { WireError } from '../../../../src/core/errors.ts'
import { unpackFields } from '../../../../src/core/value/field-value-index.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { unpackValueBytes } from '../../../../src/core/value/unpack-value.ts'
import { decodeMessage, eachFragment } from '../../../../src/core/wire/decode-message.ts'
import { Kind, Message } from '../../../../src/core/wire/message.ts'
import { announcedSizes, readValues } from '../../../../src/core/wire/value-list.ts'
import { readCompactNodes } from '../../../support/node-list.ts'
import { loadCorpus } from '../../corpus.ts'
import type { FuzzTarget } from '../target.ts'

const message = new Message()

export const target: FuzzTarget = {
  seeds: loadCorpus,
  maxBytes: 1400,
  run(input) {
    try {
      readAll(input)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
  },
}

function readAll(input: Uint8Array): void {
  decodeMessage(message, input)
  readCompactNodes(message, message.nodes4, 4, 16)
  readCompactNodes(message, message.nodes6, 6, 16)
  if (message.kind === Kind.Fragment) eachFragment(message, (_index, _offset, data) => data.length)
  if (message.valueCount >= 0) {
    announcedSizes(message)
    for (const value of readValues(message)) {
      const packed = packedValue(value)
      const again = packedValue(unpackValueBytes(packed))
      if (Buffer.compare(packed, again) !== 0) throw new Error('a value reads as another one')
    }
  }
  if (message.fieldsOffset < 0) return
  message.reader.reset(message.source, message.fieldsOffset, message.source.length)
  unpackFields(message.reader)
}
