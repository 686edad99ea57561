// SPDX-License-Identifier: MIT
// dht-rpc with the two commands that its users write themselves: store a value, and give it back.
// Eight replicas instead of its default of twenty, as the others have.

import { createHash } from 'node:crypto'
import DHT from 'dht-rpc'
import { number } from '../harness/driver.ts'
import { measurePeer } from './operations.ts'

const REPLICAS = 8
const STORE = 0
const HOST = '127.0.0.1'

interface Request {
  readonly command: number
  readonly target: Buffer
  readonly value: Buffer | null
  readonly token: Buffer | null
  reply(value: Buffer | null): void
}

const size = number('nodes', 64)
const nodes = [create()]
await nodes[0].fullyBootstrapped()
const bootstrap = [{ host: HOST, port: nodes[0].address().port }]
while (nodes.length < size) {
  const node = create(bootstrap)
  nodes.push(node)
  await node.fullyBootstrapped()
}

await measurePeer<Buffer>({
  size,
  async put(node, bytes) {
    const target = createHash('sha256').update(bytes).digest()
    const commit = (reply: { token: Buffer; from: { host: string; port: number } }) =>
      nodes[node].request(
        { token: reply.token, target, command: STORE, value: Buffer.from(bytes) },
        reply.from,
      )
    await nodes[node].query({ target, command: STORE }, { commit }).finished()
    return target
  },
  async get(node, target) {
    for await (const reply of nodes[node].query({ target, command: STORE })) {
      if (reply.value) return true
    }
    return false
  },
})

function create(bootstrap: { host: string; port: number }[] = []) {
  const options = { bootstrap, ephemeral: false, firewalled: false, host: HOST, port: 0 }
  const node = new DHT({ ...options, anyPort: true })
  node.table.k = REPLICAS
  const values = new Map<string, Buffer>()
  node.on('request', (request: Request) => {
    if (request.command !== STORE) return
    const name = request.target.toString('hex')
    if (request.token === null || request.value === null) {
      return request.reply(values.get(name) ?? null)
    }
    values.set(name, request.value)
    request.reply(null)
  })
  return node
}
