// SPDX-License-Identifier: MIT
// What a proxy says about its node (spec proxy, section 4.1): for everybody the same, but for the
// address that whoever asks comes from.

import type { FamilyStats } from '../../core/snapshots.ts'
import { type JsonOutput, quote, toJsonText } from '../protocol/json-text.ts'
import type { ProxyNode } from './proxy-node.ts'

export type NodeInfo = { readonly [key: string]: JsonOutput | undefined }

export class NodeInfoCache {
  readonly #node: ProxyNode
  #info: Promise<NodeInfo> | undefined
  #text: { readonly head: string; readonly tail: string } | undefined
  #readAt = 0
  /** Who asked last, as JSON: often it is the same one again, or a balancer in front of all. */
  #asker = ''
  #quoted = quote('')

  constructor(node: ProxyNode) {
    this.#node = node
  }

  /** At most a moment old. `now` is in milliseconds. */
  async info(now: number): Promise<NodeInfo> {
    if (this.#info === undefined || !this.#isFresh(now)) {
      this.#readAt = now
      this.#text = undefined
      this.#info = readInfo(this.#node)
    }
    return this.#info
  }

  /** As a JSON line for whoever asks from `address`; undefined when it has to be read first. */
  lineFor(address: string, now: number): string | undefined {
    if (this.#text === undefined || !this.#isFresh(now)) return undefined
    if (address !== this.#asker) {
      this.#asker = address
      this.#quoted = quote(address)
    }
    return `${this.#text.head}${this.#quoted}${this.#text.tail}`
  }

  async line(address: string, now: number): Promise<string> {
    const info = await this.info(now)
    const text = toJsonText({ ...info, public_ip: '' })
    const at = text.indexOf('"public_ip":""') + '"public_ip":'.length
    this.#text = { head: text.slice(0, at), tail: `${text.slice(at + 2)}\n` }
    return `${this.#text.head}${quote(address)}${this.#text.tail}`
  }

  #isFresh(now: number): boolean {
    return now >= this.#readAt && now - this.#readAt < FRESH_MS
  }
}

/** Walking over the routing tables for each of thousands of requests would tell nobody more. */
const FRESH_MS = 200

async function readInfo(node: ProxyNode): Promise<NodeInfo> {
  const { ipv4, ipv6, operations, storage } = await node.stats()
  return {
    node_id: String(node.id),
    id: node.publicKey === undefined ? undefined : String(node.publicKey.id),
    ipv4: familyInfo(ipv4),
    ipv6: familyInfo(ipv6),
    ops: operations,
    storage_values: storage.values,
    storage_size: storage.remoteBytes + storage.localBytes,
    local_storage_values: storage.localValues,
    local_storage_size: storage.localBytes,
    port_ipv4: node.port4,
    port_ipv6: node.port6,
  }
}

function familyInfo(stats: FamilyStats): JsonOutput {
  const { good, dubious, incoming, tableDepth, networkSize } = stats
  const table =
    tableDepth > 1 ? { table_depth: tableDepth, network_size_estimation: networkSize } : {}
  return { good, dubious, incoming, ...table }
}
