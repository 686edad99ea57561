// SPDX-License-Identifier: MIT
// The value that tells the network a certificate (spec values, section 6.9).

import type { InfoHash } from '../core/id/info-hash.ts'
import { TypeId } from '../core/value/default-types.ts'
import { Value } from '../core/value/value.ts'
import { checkValueSize } from '../core/value/value-size.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'
import type { Certificate } from '../crypto/certificate.ts'
import { locationOf } from './certificate-finder.ts'

const VALUE_ID = 1n

/** Throws RangeError when certificate and chain are too large for a value. */
export function certificateValue(certificate: Certificate): Value {
  const writer = new MsgpackWriter()
  writer.binary(certificate.packed)
  const value = new Value({ id: VALUE_ID, type: TypeId.Certificate, data: writer.take() })
  checkValueSize(value)
  return value
}

/** Nodes of 2.x look at the first of these, nodes of 4.x at the second. */
export function publicationKeys({ id, longId }: Certificate): InfoHash[] {
  return [locationOf(id), locationOf(longId)]
}
