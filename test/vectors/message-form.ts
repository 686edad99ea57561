// SPDX-License-Identifier: MIT
// A decoded Message in the form in which the recorded packets describe themselves, and the encoder
// calls that produce such a message again. Used by packets.test.ts.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import { toByteText } from '../../src/core/util/bytes.ts'
import { packFields, unpackFields } from '../../src/core/value/field-value-index.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { type Condition, FIELDS, Field, type Query, Select } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { eachFragment } from '../../src/core/wire/decode-message.ts'
import { KIND_NAMES, Kind, type Message, type Span } from '../../src/core/wire/message.ts'
import type { MessageEncoder } from '../../src/core/wire/message-encoder.ts'
import type { Answer } from '../../src/core/wire/message-parts.ts'
import type { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { announcedSizes, readValues } from '../../src/core/wire/value-list.ts'
import { toHex } from '../support/vectors.ts'

export interface Form {
  [key: string]: unknown
}

/** Everything that a Message says, without `v`, which nobody keeps. */
export function formOf(message: Message): Form {
  const { kind, tid } = message
  const form: Form = { t: number(tid) }
  if (message.network !== 0) form['n'] = message.network
  if (message.isClient) form['s'] = true
  if (kind === Kind.Fragment) return { ...form, y: 'p', p: fragmentsForm(message) }
  if (kind === Kind.Error) form['e'] = message.errorCode
  if (kind === Kind.Reply) return { ...form, y: 'r', r: contentForm(message) }
  if (kind === Kind.Error) return { ...form, y: 'e', r: contentForm(message) }
  if (kind === Kind.Push) return { ...form, y: 'r', u: contentForm(message) }
  return { ...form, y: 'q', q: KIND_NAMES[kind], a: contentForm(message) }
}

/** A recorded description without what a Message does not keep: `v`, and the text of an error. */
export function comparable(decoded: Form): Form {
  const { v: _agent, ...form } = decoded
  if (Array.isArray(form['e'])) form['e'] = form['e'][0]
  return form
}

/** Writes the message again with the method that the engine would use for it. */
export function encodeAgain(
  encoder: MessageEncoder,
  w: MsgpackWriter,
  message: Message,
  errorText: string,
): void {
  const { tid, hash, token } = message
  switch (message.kind) {
    case Kind.Ping:
      return encoder.ping(w, tid)
    case Kind.Find:
      return encoder.find(w, tid, message.target, message.want < 0 ? [] : [4, 6])
    case Kind.Get:
      return encoder.get(w, tid, hash, message.query!)
    case Kind.Put:
      return encoder.put(w, tid, hash, valuesOf(message), toByteText(token), message.created)
    case Kind.Refresh:
      return encoder.refresh(w, tid, hash, message.valueId!, toByteText(token))
    case Kind.Listen:
      return encoder.listen(w, tid, hash, toByteText(token), message.socketId, message.query)
    case Kind.Update:
      return encodeUpdate(encoder, w, message)
    case Kind.Reply:
      return encodeReply(encoder, w, message)
    case Kind.Error:
      return encoder.error(w, tid, message.errorCode, errorText)
    case Kind.Fragment:
      return eachFragment(message, (index, offset, data) =>
        encoder.fragment(w, tid, index, offset, data),
      )
    case Kind.Push:
      return encoder.pushIds(w, tid, token, ...changeOf(message))
  }
}

function encodeUpdate(encoder: MessageEncoder, w: MsgpackWriter, message: Message): void {
  const { tid, hash, socketId, token } = message
  if (message.valueCount < 0) encoder.updateIds(w, tid, socketId, token, ...changeOf(message))
  else encoder.update(w, tid, hash, socketId, valuesOf(message), token)
}

function encodeReply(encoder: MessageEncoder, w: MsgpackWriter, message: Message): void {
  const { tid, token, valueId } = message
  const { offset, length } = message.ownAddress
  const to = SocketAddress.fromBytes(message.source, offset, length as 4 | 16, 0)
  if (valueId !== undefined) return encoder.stored(w, tid, to, valueId)
  if (token.length === 0) return encoder.acknowledge(w, tid, to)
  const lists = { nodes4: bytesOf(message, 'nodes4'), nodes6: bytesOf(message, 'nodes6') }
  encoder.nodes(w, tid, to, lists, token, answerOf(message))
}

function answerOf(message: Message): Answer | undefined {
  if (message.valueCount >= 0) return valuesOf(message)
  if (message.fieldsOffset < 0) return undefined
  const indexes = readFields(message)
  const select = new Select(FIELDS.filter((field) => indexes[0]!.has(field)))
  const values = indexes.map(({ id, type, seq, userType }) => {
    return new Value({ id, type, seq, userType })
  })
  return { kind: 'fields', write: (writer) => void packFields(writer, select, values) }
}

function valuesOf(message: Message): Answer & { kind: 'values' | 'sizes' } {
  if (!message.hasSizes) return { kind: 'values', packed: readValues(message).map(packedValue) }
  return { kind: 'sizes', packed: announcedSizes(message).map((size) => new Uint8Array(size)) }
}

function changeOf({ refreshed, expired }: Message): ['re' | 'exp', readonly bigint[]] {
  return refreshed === undefined ? ['exp', expired!] : ['re', refreshed]
}

function contentForm(message: Message): Form {
  const { hash, target, kind, token, query } = message
  const form: Form = { id: bin(message.id) }
  if (!hash.isZero) form['h'] = bin(hash)
  if (!target.isZero || kind === Kind.Find) form['target'] = bin(target)
  if (token.length > 0) form['token'] = bin(token)
  if (query !== undefined) form['q'] = queryForm(query)
  if (message.want >= 0) form['w'] = [[], [2], [10], [2, 10]][message.want]
  if (message.created !== undefined) form['c'] = message.created
  if (message.valueId !== undefined) form['vid'] = number(message.valueId)
  if (message.socketId !== 0) form['sid'] = message.socketId
  if (message.version !== 0) form['ve'] = message.version
  if (message.ownAddress.length >= 0) form['sa'] = bin(bytesOf(message, 'ownAddress'))
  if (message.nodes4.length >= 0) form['n4'] = bin(bytesOf(message, 'nodes4'))
  if (message.nodes6.length >= 0) form['n6'] = bin(bytesOf(message, 'nodes6'))
  if (message.expired !== undefined) form['exp'] = message.expired.map(number)
  if (message.refreshed !== undefined) form['re'] = message.refreshed.map(number)
  if (message.fieldsOffset >= 0) form['fileds'] = fieldsForm(message)
  if (message.hasSizes) form['values'] = announcedSizes(message)
  else if (message.valueCount >= 0) form['values'] = readValues(message).map(valueForm)
  return form
}

function fragmentsForm(message: Message): Form {
  const form: Form = {}
  eachFragment(message, (index, offset, data) => {
    form[index] = { o: offset, d: bin(data) }
  })
  return form
}

function valueForm(value: Value): Form {
  const body: Form = { type: value.type, data: bin(value.data) }
  if (value.userType !== '') body['utype'] = value.userType
  const form: Form = { id: number(value.id), dat: { body } }
  if (value.priority !== 0) form['p'] = value.priority
  return form
}

function fieldsForm(message: Message): Form {
  const indexes = readFields(message)
  const f = FIELDS.filter((field) => indexes[0]!.has(field))
  const v = indexes.flatMap((index) => {
    const { id, type, seq, userType, owner = new InfoHash() } = index
    return f.map((field) => [0, number(id ?? 0n), type, bin(owner), seq, userType][field])
  })
  return { f, v }
}

function readFields(message: Message): ReturnType<typeof unpackFields> {
  message.reader.reset(message.source, message.fieldsOffset, message.source.length)
  return unpackFields(message.reader)
}

function queryForm({ select, where }: Query): Form {
  return {
    s: [...select.fields],
    w: where.conditions.map((condition) => ({ f: condition.field, v: conditionForm(condition) })),
  }
}

function conditionForm(condition: Condition): unknown {
  if (condition.field === Field.Owner) return bin(condition.value)
  if (condition.field === Field.UserType) return bin(new TextEncoder().encode(condition.value))
  return number(condition.value)
}

function bytesOf(message: Message, field: 'nodes4' | 'nodes6' | 'ownAddress'): Uint8Array {
  const { offset, length }: Span = message[field]
  return message.source.subarray(offset, offset + Math.max(0, length))
}

function bin(bytes: Uint8Array | InfoHash): Form {
  return { bin: bytes instanceof InfoHash ? bytes.toString() : toHex(bytes) }
}

/** As `loadVectors` gives integers: bigint only where a number would lose digits. */
function number(value: bigint | number): bigint | number {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
