// SPDX-License-Identifier: MIT
// A value as the page has it: the JSON of the REST interface, decoded as far as it is shown.

import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { defaultTypes } from '../../../src/core/value/default-types.ts'
import { toSignBytes } from '../../../src/core/value/pack-value.ts'
import type { Value } from '../../../src/core/value/value.ts'
import { fromBase64 } from '../../../src/proxy/protocol/base64.ts'
import { valueFromJson } from '../../../src/proxy/protocol/value-json.ts'
import { readState } from '../../../src/secure/register-state.ts'

/** As it comes in lines. */
export interface ValueJson {
  readonly id: string
  readonly type?: number
  readonly data?: string
  readonly cypher?: string
  readonly owner?: string
  readonly seq?: number
  readonly sig?: string
  readonly to?: string
  readonly utype?: string
  readonly expired?: true
}

/** `valid`: this browser checked the signature; `checked`: only the node of the proxy did. */
export type SignatureState = 'none' | 'checked' | 'valid' | 'invalid'

const TYPES = new Map(defaultTypes().map((type) => [type.id, type]))
const USER_DATA = TYPES.get(0)!

export function typeName(type: number): string {
  return TYPES.get(type)?.name ?? `Type ${type}`
}

/** How long nodes keep a value of this type unless it is renewed. */
export function lifetimeOf({ type = 0, cypher }: ValueJson): number {
  return (cypher === undefined ? (TYPES.get(type) ?? USER_DATA) : USER_DATA).lifetimeMs
}

export function bytesOf(json: ValueJson): Uint8Array {
  return fromBase64(json.cypher ?? json.data ?? '') ?? new Uint8Array(0)
}

/** Id of the key that signed it. */
export function ownerIdOf(json: ValueJson): string | undefined {
  if (json.owner === undefined) return undefined
  return String(parse(json)?.ownerId ?? '') || undefined
}

/** The state of a register that a value carries, if it does. */
export function registerOf(
  json: ValueJson,
): { revision: number; data: Uint8Array | undefined } | undefined {
  if (json.utype !== 'register') return undefined
  const value = parse(json)
  return value === undefined ? undefined : readState(value)
}

/** What people want to see of a value: of a register its state. */
export function contentOf(json: ValueJson): Uint8Array {
  return registerOf(json)?.data ?? bytesOf(json)
}

/** Browsers check signatures on secure pages only, which include those of this host. */
export async function checkSignature(json: ValueJson): Promise<SignatureState> {
  if (json.sig === undefined || json.owner === undefined) return 'none'
  const value = parse(json)
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined
  if (value?.owner === undefined || subtle === undefined) return 'checked'
  try {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }
    const owner = new Uint8Array(value.owner)
    const key = await subtle.importKey('spki', owner, algorithm, false, ['verify'])
    const signature = new Uint8Array(value.signature)
    const message = new Uint8Array(toSignBytes(value))
    return (await subtle.verify(algorithm, key, signature, message)) ? 'valid' : 'invalid'
  } catch {
    // A kind of key that browsers do not know.
    return 'checked'
  }
}

function parse(json: ValueJson): Value | undefined {
  try {
    const { expired: _, ...rest } = json
    return valueFromJson(rest)
  } catch {
    return undefined
  }
}

/** The key that people mean by a text: as the proxy reads it. */
export function hashOfKey(text: string): string {
  const hash = /^[0-9a-f]{40}/i.test(text) ? InfoHash.fromHex(text.slice(0, 40)) : undefined
  return String(hash === undefined || hash.isZero ? InfoHash.get(text) : hash)
}
