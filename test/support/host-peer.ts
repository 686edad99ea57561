// SPDX-License-Identifier: MIT
// One node on a host of a virtual network, a C++ one or our dhtnode program, with what both can do.

import { fileURLToPath } from 'node:url'
import { CppHost, type CppNode } from './cpp-node.ts'
import { DhtnodeProcess } from './dhtnode-process.ts'
import { hex } from './interop-kit.ts'
import type { VirtualHost } from './netns.ts'

export type HostFamily = 'ipv4' | 'ipv6'
export type HostFamilies = HostFamily | 'both'

export interface HostPeer extends AsyncDisposable {
  /** Says what it is, in one word. */
  readonly name: string
  /** Throws when it fails. */
  put(key: string, word: string): Promise<void>
  /** The words under a key, in order. */
  get(key: string): Promise<string[]>
  /** Good nodes in the table of a family. */
  good(family: HostFamily): Promise<number>
}

/** Where to bootstrap, by which of its addresses. */
export interface Entry {
  readonly host: VirtualHost
  readonly families: HostFamilies
}

/** Starts a node; takes the family that it shall not have away from the host. */
export type StartPeer = (
  host: VirtualHost,
  families: HostFamilies,
  entry?: Entry,
) => Promise<HostPeer>

const OUR_PROGRAM = fileURLToPath(new URL('../../src/cli/dhtnode.ts', import.meta.url))
const NETWORK = 77
const PORT = 4222

export const startOurs: StartPeer = async (host, families, entry) => {
  restrict(host, families)
  const bootstrap = addressesOf(entry).flatMap((address) => [
    '-b',
    address.includes(':') ? `[${address}]:${PORT}` : `${address}:${PORT}`,
  ])
  const program = await DhtnodeProcess.start({
    prefix: host.prefix,
    command: [process.execPath, OUR_PROGRAM],
    args: ['-n', `${NETWORK}`, '-p', `${PORT}`, ...bootstrap],
  })
  return new OurPeer(program, nameOf('ours', host, families))
}

export const startCpp: StartPeer = async (host, families, entry) => {
  restrict(host, families)
  const process = await CppHost.start({ prefix: host.prefix })
  try {
    const { ipv4, ipv6 } = host
    const node = await process.createNode({ network: NETWORK, port: PORT, families, ipv4, ipv6 })
    // Not `bootstrap`, which does no more once the node is connected over one family.
    await Promise.all(addressesOf(entry).map((address) => node.ping(address, PORT)))
    return new CppPeer(process, node, nameOf('cpp', host, families))
  } catch (error) {
    await process.close()
    throw error
  }
}

class OurPeer implements HostPeer {
  readonly name: string
  readonly #program: DhtnodeProcess

  constructor(program: DhtnodeProcess, name: string) {
    this.name = name
    this.#program = program
  }

  async put(key: string, word: string): Promise<void> {
    const { ok } = await this.#program.put(key, word)
    if (!ok) throw new Error(`${this.name} cannot put`)
  }

  async get(key: string): Promise<string[]> {
    const { lines } = await this.#program.get(key)
    return lines.map((line) => /:"(.*)"\]$/.exec(line)?.[1] ?? line).sort()
  }

  async good(family: HostFamily): Promise<number> {
    return (await this.#program.stats())[family].good
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program.close()
  }
}

class CppPeer implements HostPeer {
  readonly name: string
  readonly #process: CppHost
  readonly #node: CppNode

  constructor(process: CppHost, node: CppNode, name: string) {
    this.name = name
    this.#process = process
    this.#node = node
  }

  async put(key: string, word: string): Promise<void> {
    const { ok } = await this.#node.put(hex(key), word, { userType: 'text/plain' })
    if (!ok) throw new Error(`${this.name} cannot put`)
  }

  async get(key: string): Promise<string[]> {
    const { values } = await this.#node.get(hex(key))
    return values.map(({ data }) => Buffer.from(data).toString()).sort()
  }

  async good(family: HostFamily): Promise<number> {
    return (await this.#node.stats())[family].good
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.close()
  }
}

function nameOf(kind: string, host: VirtualHost, families: HostFamilies): string {
  return `${kind}-${families}-${host.namespace.split('-').at(-1)}`
}

function restrict(host: VirtualHost, families: HostFamilies): void {
  if (families === 'ipv6') host.setFamily('ipv4', false)
  if (families === 'ipv4') host.disableIPv6()
}

function addressesOf(entry: Entry | undefined): string[] {
  if (entry === undefined) return []
  const { host, families } = entry
  return (['ipv4', 'ipv6'] as const)
    .filter((family) => families === 'both' || families === family)
    .map((family) => host[family])
}
