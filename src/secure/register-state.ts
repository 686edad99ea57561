// SPDX-License-Identifier: MIT
// The states of a register and their order, and how a state is written into a signed value. See
// docs/registers.md for the layout.

import { WireError } from '../core/errors.ts'
import type { Value } from '../core/value/value.ts'
import { MsgpackReader } from '../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'

/** User type of the values that make up registers. */
export const REGISTER_TYPE = 'register'

/** Revisions that differ in the sequence number of the value alone. */
export const GENERATION = 0x1_0000
const MAX_GENERATION = 0xffff_ffff

export interface RegisterState {
  /** 0 for the first state, one more with each that was set knowing the one before. */
  readonly revision: number
  /** Undefined when the register was deleted. */
  readonly data: Uint8Array | undefined
}

/** A state together with the value that carries it. */
export interface CarriedState extends RegisterState {
  readonly value: Value
}

/** The data of the value that carries a state; its sequence number is `revision % GENERATION`. */
export function packState(revision: number, data: Uint8Array | undefined): Uint8Array {
  const writer = new MsgpackWriter()
  writer.arrayHeader(data === undefined ? 1 : 2)
  writer.unsigned(Math.floor(revision / GENERATION))
  if (data !== undefined) writer.binary(data)
  return writer.take()
}

/** Undefined when `value` is no state of a register. */
export function readState(value: Value): CarriedState | undefined {
  if (value.userType !== REGISTER_TYPE || !value.isSigned) return undefined
  try {
    const reader = new MsgpackReader(value.data)
    const entries = reader.arrayHeader()
    const generation = reader.unsigned(MAX_GENERATION)
    const revision = generation * GENERATION + value.seq
    if (entries === 1) return { revision, data: undefined, value }
    return { revision, data: new Uint8Array(reader.looseBytes()), value }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/**
 * Above 0 when `a` is to prevail over `b`. Writers that did not know of each other may have used
 * the same revision: then the greater bytes prevail, everywhere alike.
 */
export function compareStates(a: CarriedState, b: CarriedState): number {
  if (a.revision !== b.revision) return a.revision - b.revision
  const x = a.value.data
  const y = b.value.data
  const length = Math.min(x.length, y.length)
  for (let i = 0; i < length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!
  return x.length - y.length
}
