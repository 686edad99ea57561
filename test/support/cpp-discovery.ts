// SPDX-License-Identifier: MIT
// Peer discovery of the real C++ library (2.4.12), without a node: see cpp_discovery.cpp.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import {
  type MsgpackValue,
  packMsgpackValue,
  unpackMsgpackValue,
} from '../../src/discovery/msgpack-value.ts'
import { type ChildOptions, startChild, stopChild } from './child.ts'
import { cppProgram } from './cpp-compiler.ts'
import { fromHex, toHex } from './vectors.ts'
import { Watch } from './watch.ts'

export interface CppFound {
  readonly service: string
  readonly payload: MsgpackValue
  /** As C++ writes it, with the port. */
  readonly from: string
}

const PATIENCE_MS = 20_000
const CLOSE_GRACE_MS = 3000

export class CppDiscovery implements AsyncDisposable {
  readonly found: CppFound[] = []
  readonly #child: ChildProcessWithoutNullStreams
  readonly #watch = new Watch()

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (line) => this.#onLine(line))
    child.once('close', (code) => this.#watch.fail(new Error(`C++ driver ended (${code})`)))
  }

  static async start(options: ChildOptions = {}): Promise<CppDiscovery> {
    return new CppDiscovery(startChild([await cppProgram('cpp-discovery')], options))
  }

  publish(service: string, payload: MsgpackValue): void {
    this.#send(`publish ${service} ${toHex(packMsgpackValue(payload))}`)
  }

  discover(service: string): void {
    this.#send(`discover ${service}`)
  }

  connectivityChanged(): void {
    this.#send('changed')
  }

  /** The first announcement that fits, past or future. */
  until(fits: (found: CppFound) => boolean): Promise<CppFound> {
    const describe = (): string => `found ${JSON.stringify(this.found)}`
    return this.#watch.until(() => this.found.find(fits), PATIENCE_MS, describe)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    await stopChild(this.#child, CLOSE_GRACE_MS)
  }

  #send(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  #onLine(line: string): void {
    const [, service = '', hex = '', from = ''] = line.split(' ')
    this.found.push({ service, payload: unpackMsgpackValue(fromHex(hex)), from })
    this.#watch.notify()
  }
}
