// SPDX-License-Identifier: MIT
// Indexes of C++ nodes, for tests of ours. See cpp_pht.cpp.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { IndexValue } from '../../src/pht/index-entry.ts'
import type { FieldLengths } from '../../src/pht/key-spec.ts'
import { cppProgram } from './cpp-compiler.ts'
import { CppHost, type CppNode } from './cpp-node.ts'
import { toBase64 } from './cpp-types.ts'

type CppKey = Readonly<Record<string, Uint8Array | string>>

export async function startCppPhtHost(): Promise<CppHost> {
  return CppHost.start({ command: [await cppProgram('cpp-pht')] })
}

/** An index on a C++ node of such a host. */
export class CppPht {
  readonly #node: CppNode
  readonly #name: string
  readonly #spec: FieldLengths

  constructor(node: CppNode, name: string, spec: FieldLengths) {
    this.#node = node
    this.#name = name
    this.#spec = spec
  }

  /** Rejects when the key does not fit, or when it could not be inserted. */
  async insert(key: CppKey, { hash, id }: IndexValue): Promise<void> {
    const fields = { ...this.#fields(key), hash: `${hash}`, value_id: `${id}` }
    const { ok } = await this.#node.request('insert', fields)
    if (ok !== true) throw new Error('a C++ node could not insert an entry')
  }

  /**
   * Without `exact`, what has most bits in common with the key, as far as it lies on its path. Not
   * for keys that are there then: C++ nodes compare these beyond their ends.
   */
  async lookup(key: CppKey, exact = true): Promise<IndexValue[]> {
    const { ok, values } = await this.#node.request('lookup', { ...this.#fields(key), exact })
    if (ok !== true) throw new Error('a C++ node could not search an index')
    return (values as { hash: string; value_id: string }[]).map(({ hash, value_id }) => ({
      hash: InfoHash.fromHex(hash)!,
      id: BigInt(value_id),
    }))
  }

  #fields(key: CppKey): object {
    const packed = Object.entries(key).map(([name, value]) => [name, toBase64(value)])
    return { name: this.#name, spec: this.#spec, key: Object.fromEntries(packed) }
  }
}
