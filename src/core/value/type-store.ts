// SPDX-License-Identifier: MIT
// The value types that a node knows. A type that it does not know behaves like type 0, so that
// applications can use types which the nodes storing their values never heard of.

import { DEFAULT_LIFETIME_MS } from '../constants.ts'
import { acceptBySize, denyEdit } from './policies.ts'
import type { ValueType } from './value-type.ts'

const MAX_TYPE_ID = 0xffff

/** What type 0 is until somebody registers one. */
const UNREGISTERED: ValueType = {
  id: 0,
  name: 'User Data',
  lifetimeMs: DEFAULT_LIFETIME_MS,
  storePolicy: acceptBySize,
  editPolicy: denyEdit,
}

export class TypeStore {
  readonly #types = new Map<number, ValueType>()

  constructor(types: Iterable<ValueType> = []) {
    for (const type of types) this.register(type)
  }

  /** Adds a type or replaces the one with the same id. Throws RangeError for an impossible id. */
  register(type: ValueType): void {
    if (!Number.isInteger(type.id) || type.id < 0 || type.id > MAX_TYPE_ID) {
      throw new RangeError(
        `Cannot register type "${type.name}" as its id must be 0 to ${MAX_TYPE_ID}: got ${type.id}`,
      )
    }
    this.#types.set(type.id, type)
  }

  /** The type that governs values of type `id`. */
  get(id: number): ValueType {
    return this.#types.get(id) ?? this.#types.get(0) ?? UNREGISTERED
  }
}
