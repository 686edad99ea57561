// SPDX-License-Identifier: MIT
// Loads recorded vectors of test/vectors. Integers that a number cannot hold become bigint.

import { readFileSync } from 'node:fs'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

const DIRECTORY = new URL('../vectors/', import.meta.url)

/** `JSON.parse`, except that integers beyond 2^53 become bigint instead of losing digits. */
export function parseJson(text: string): unknown {
  const revive: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
      ? BigInt(source!)
      : value
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
}

/** The content of a vector file: `loadVectors('core/packets-4.3.1')`, no extension needed. */
export function loadVectors<T = unknown>(name: string): T {
  return parseJson(readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8')) as T
}

/** Bytes of the hex text that vectors use. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
