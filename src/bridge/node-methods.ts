// SPDX-License-Identifier: MIT
// The methods that the Python package calls on nodes. The first parameter names the node.

import type { PutResult } from '../api/dht-interface.ts'
import { DhtError } from '../core/errors.ts'
import { HASH_BYTES, InfoHash } from '../core/id/info-hash.ts'
import { PK_ID_BYTES, PkId } from '../core/id/pk-id.ts'
import { acceptBySize, denyEdit, secureType } from '../core/value/policies.ts'
import { PublicKey } from '../crypto/public-key.ts'
import { rsaVerifier } from '../crypto/signature-verifier.ts'
import type { MsgpackValue } from '../discovery/msgpack-value.ts'
import type { Recipient } from '../secure/secure-interface.ts'
import { HostedNode } from './hosted-node.ts'
import {
  asBoolean,
  asBytes,
  asHash,
  asId,
  asNumber,
  asText,
  fromNodes,
  fromValue,
  isGiven,
  toQuery,
  toValue,
} from './read.ts'
import type { CallContext, Method } from './session.ts'

type NodeMethod = (
  node: HostedNode,
  parameters: readonly MsgpackValue[],
  context: CallContext,
) => MsgpackValue | undefined | Promise<MsgpackValue | undefined>

export class NodeMethods {
  readonly methods: Readonly<Record<string, Method>>
  readonly #nodes = new Map<number, HostedNode>()
  #lastHandle = 0

  constructor() {
    const all = Object.entries(METHODS).map(([name, method]): [string, Method] => [
      name,
      ([handle, ...parameters], context) =>
        method(this.#node(asNumber(handle)), parameters, context),
    ])
    this.methods = {
      ...Object.fromEntries(all),
      'node.start': ([options]) => this.#start(options!),
      'node.close': ([handle]) => this.#end(asNumber(handle), (node) => node.close()),
      'node.shutdown': ([handle]) => this.#end(asNumber(handle), (node) => node.shutDown()),
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.close()))
  }

  async #start(options: MsgpackValue): Promise<MsgpackValue> {
    const node = await HostedNode.start(options)
    const handle = ++this.#lastHandle
    this.#nodes.set(handle, node)
    return [handle, node.describe()]
  }

  async #end(handle: number, end: (node: HostedNode) => Promise<void>): Promise<undefined> {
    const node = this.#nodes.get(handle)
    if (node === undefined) return
    await end(node)
    this.#nodes.delete(handle)
  }

  #node(handle: number): HostedNode {
    const node = this.#nodes.get(handle)
    if (node !== undefined) return node
    throw new DhtError('ERR_DHT_CLOSED', 'The node is closed')
  }
}

const METHODS: Readonly<Record<string, NodeMethod>> = {
  'node.bootstrap': ({ runner }, hosts) => runner.bootstrap(...hosts.map(asText)) as undefined,
  'node.clearBootstrap': ({ runner }) => runner.clearBootstrap() as undefined,
  'node.connectivityChanged': ({ runner }) => runner.connectivityChanged() as undefined,
  'node.ping': (node, [host, port], { signal }) => node.ping(asText(host), asNumber(port), signal),
  'node.get': get,
  'node.listen': listen,
  'node.put': (node, [key, value, permanent], { signal }) =>
    stored(
      node,
      node.runner.put(asHash(key), toValue(value), { permanent: asBoolean(permanent), signal }),
    ),
  'node.putSigned': (node, [key, value, permanent], { signal }) =>
    stored(
      node,
      node.runner.putSigned(asHash(key), toValue(value), {
        permanent: asBoolean(permanent),
        signal,
      }),
    ),
  'node.putEncrypted': (node, [key, to, value, permanent], { signal }) =>
    stored(
      node,
      node.runner.putEncrypted(asHash(key), toRecipient(asBytes(to)), toValue(value), {
        permanent: asBoolean(permanent),
        signal,
      }),
    ),
  'node.cancelPut': ({ runner }, [key, id]) => runner.cancelPut(asHash(key), asId(id)),
  'node.registerType': registerType,
  'node.state': (node, [kind, family]) => node.describeState(asText(kind), asNumber(family)),
  'node.messages': (node) => node.takeMessageCounts(),
  'node.publicAddresses': ({ runner }) => runner.publicAddresses().map(String),
  'node.log': ({ log }, [path]) => {
    if (path === true) log.toStandardError()
    else if (isGiven(path)) log.toFile(asText(path))
    else log.close()
    return undefined
  },
  'pht.open': (node, [handle, name, spec]) =>
    node.openIndex(asNumber(handle), asText(name), spec as Record<string, number>) as undefined,
  'pht.insert': async (node, [handle, key, hash, id], { signal }) => {
    const value = { hash: asHash(hash), id: asId(id) }
    const index = node.index(asNumber(handle))
    await node.run(index.insert(key as Record<string, Uint8Array>, value, { signal }))
    return undefined
  },
  'pht.lookup': async (node, [handle, key], { signal }) => {
    const index = node.index(asNumber(handle))
    let leaf: MsgpackValue = []
    const onLeaf = (bits: Uint8Array, depth: number): void => {
      leaf = [bits, depth]
    }
    const found = await index.lookup(key as Record<string, Uint8Array>, { onLeaf, signal })
    return [found.map(({ hash, id }) => [hash.toBytes(), id]), leaf]
  },
}

/** A stream of values; the result names the nodes that answered, if that is wanted. */
async function get(
  node: HostedNode,
  [key, where, wantsNodes]: readonly MsgpackValue[],
  { signal, emit }: CallContext,
): Promise<MsgpackValue> {
  const hash = asHash(key)
  const options = { where: toQuery(where), signal }
  for await (const value of node.runner.get(hash, options)) await emit(fromValue(value))
  return asBoolean(wantsNodes) ? node.answered(hash) : []
}

/** A stream of [value, whether it expired], which ends when it is cancelled or the node closes. */
async function listen(
  node: HostedNode,
  [key, where]: readonly MsgpackValue[],
  { signal, emit }: CallContext,
): Promise<undefined> {
  const changes = node.runner.listen(asHash(key), { where: toQuery(where), signal })
  for await (const { value, expired } of changes) await emit([fromValue(value), expired])
}

/** The value as it was stored, without its data, and the nodes that took it. */
async function stored(node: HostedNode, put: Promise<PutResult>): Promise<MsgpackValue> {
  const { value, nodes } = await node.run(put)
  return [value.id, value.seq, value.owner ?? null, fromNodes(nodes)]
}

function registerType(
  { runner }: HostedNode,
  [id, name, lifetimeMs]: readonly MsgpackValue[],
): undefined {
  const type = {
    id: asNumber(id),
    name: asText(name),
    lifetimeMs: asNumber(lifetimeMs),
    storePolicy: acceptBySize,
    editPolicy: denyEdit,
  }
  runner.registerType(secureType(type, rsaVerifier))
}

/** A public key in DER, or one of its ids. */
function toRecipient(bytes: Uint8Array): Recipient {
  if (bytes.length === HASH_BYTES) return InfoHash.fromBytes(bytes)
  if (bytes.length === PK_ID_BYTES) return PkId.fromBytes(bytes)
  return PublicKey.fromDer(bytes)
}
