// SPDX-License-Identifier: MIT
// The JSON form of values, as both sides of a proxy write and read it (spec proxy, section 3).

import { describeType } from '../../api/key.ts'
import { InfoHash } from '../../core/id/info-hash.ts'
import { MAX_VALUE_ID, Value, type ValueId } from '../../core/value/value.ts'
import { fromBase64, toBase64 } from './base64.ts'
import type { JsonInput } from './json-reader.ts'
import { type JsonOutput, quote, toJsonText } from './json-text.ts'
import { fromPem, toPem } from './public-key-pem.ts'

export interface ValueJsonOptions {
  /** In listen streams: the value is gone. */
  expired?: boolean | undefined
  /** In requests: keep the value announced, and whom to notify. */
  permanent?: JsonOutput | undefined
}

/** A JSON object as `parseJson` gives it. */
export type JsonObject = { readonly [key: string]: JsonInput | undefined }

/** Compact, with the keys in order, without a line break: byte for byte what OpenDHT writes. */
export function valueToJson(value: Value, options: ValueJsonOptions = {}): string {
  const { expired = false, permanent } = options
  const { owner, recipient } = value
  const isPlain = !value.isEncrypted
  const hasOwner = isPlain && owner !== undefined
  let json = isPlain ? `{"data":"${toBase64(value.data)}"` : `{"cypher":"${toBase64(value.cypher)}"`
  if (expired) json += ',"expired":true'
  json += `,"id":"${value.id}"`
  if (hasOwner) json += `,"owner":${quote(toPem(owner))}`
  if (permanent !== undefined) json += `,"permanent":${toJsonText(permanent)}`
  if (value.priority !== 0) json += `,"prio":${value.priority}`
  if (value.pushType !== '') json += `,"pt":${quote(value.pushType)}`
  if (hasOwner) {
    json += `,"seq":${value.seq}`
    if (value.isSigned) json += `,"sig":"${toBase64(value.signature)}"`
    if (recipient !== undefined && !recipient.isZero) json += `,"to":"${recipient}"`
  }
  if (isPlain) {
    json += `,"type":${value.type}`
    if (value.userType !== '') json += `,"utype":${quote(value.userType)}`
  }
  return `${json}}`
}

/**
 * The value that a parsed object stands for; `id` 0 when it has none that can be read, unknown
 * members are ignored. Throws TypeError or RangeError that names a wrong member.
 */
export function valueFromJson(json: JsonInput): Value {
  const object = requireObject(json)
  const common = {
    id: readId(object['id']),
    priority: readUint(object, 'prio', 0xffff_ffff),
    pushType: readText(object, 'pt'),
  }
  const cypher = readBytes(object, 'cypher')
  if (cypher !== undefined && cypher.length > 0) return new Value({ ...common, cypher })
  const owner = readOwner(object['owner'])
  return new Value({
    ...common,
    type: readUint(object, 'type', 0xffff),
    // What is no text is no data, for OpenDHT too.
    data: typeof object['data'] === 'string' ? readBytes(object, 'data') : undefined,
    userType: readText(object, 'utype'),
    seq: readUint(object, 'seq', 0xffff),
    recipient: readHash(object['to']),
    owner,
    // A signature of nobody says nothing.
    signature: owner === undefined ? undefined : readBytes(object, 'sig'),
  })
}

/** Throws TypeError for anything but an object. */
export function requireObject(json: JsonInput | undefined, name = 'the body'): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  const got = Array.isArray(json) ? 'an array' : describeType(json)
  throw new TypeError(`${name} must be a JSON object: got ${got}`)
}

function readId(json: JsonInput | undefined): ValueId {
  if (typeof json === 'bigint') return json >= 0n && json <= MAX_VALUE_ID ? json : 0n
  if (typeof json === 'number') return Number.isSafeInteger(json) && json > 0 ? BigInt(json) : 0n
  if (typeof json !== 'string' || !/^\d{1,20}$/.test(json)) return 0n
  const id = BigInt(json)
  return id <= MAX_VALUE_ID ? id : 0n
}

function readUint(object: JsonObject, name: string, max: number): number {
  const json = object[name] ?? 0
  if (typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= max) return json
  throw new RangeError(`${name} must be an integer of 0 to ${max}: got ${shown(json)}`)
}

function readText(object: JsonObject, name: string): string {
  const json = object[name] ?? ''
  if (typeof json === 'string') return json
  throw new TypeError(`${name} must be a string: got ${describeType(json)}`)
}

function readBytes(object: JsonObject, name: string): Uint8Array | undefined {
  const json = object[name] ?? undefined
  if (json === undefined) return undefined
  const bytes = typeof json === 'string' ? fromBase64(json) : undefined
  if (bytes === undefined) throw new TypeError(`${name} must be base64: got ${shown(json)}`)
  return bytes
}

function readOwner(json: JsonInput | undefined): Uint8Array | undefined {
  if (json === undefined || json === null || json === '') return undefined
  const owner = typeof json === 'string' ? fromPem(json) : undefined
  if (owner === undefined) throw new TypeError('owner must be a public key in PEM form')
  return owner
}

function readHash(json: JsonInput | undefined): InfoHash | undefined {
  if (json === undefined || json === null || json === '') return undefined
  const hash = typeof json === 'string' ? InfoHash.fromHex(json) : undefined
  if (hash === undefined) {
    throw new TypeError(`to must be 40 hexadecimal digits: got ${shown(json)}`)
  }
  return hash.isZero ? undefined : hash
}

function shown(json: JsonInput): string {
  if (typeof json === 'bigint') return String(json)
  const text = JSON.stringify(json, (_, item) => (typeof item === 'bigint' ? String(item) : item))
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

const MAX_SHOWN = 40
