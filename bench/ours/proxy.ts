// SPDX-License-Identifier: MIT
// Our proxy on a node of its own, without limits: prints its port when the node is in the network,
// and for each line of the input its memory after a collection. Counterpart of dhtnode.
//   proxy bootstrap=PORT

import { createInterface } from 'node:readline'
import type { ProxyServerOptions } from '../../src/proxy/server/entry.ts'
import { number, printRow, residentKb } from '../harness/driver.ts'
import { startNode, waitUntilJoined } from './node.ts'

const path =
  number('source', 0) === 1 ? '../../src/proxy/server/entry.ts' : '../../dist/proxy/server/entry.js'
const { ProxyServer } = (await import(path)) as typeof import('../../src/proxy/server/entry.ts')

const UNLIMITED: ProxyServerOptions['limits'] = {
  maxConnectionsPerAddress: -1,
  maxListensPerAddress: -1,
  maxRequestsPerSecond: -1,
  maxOperations: -1,
  maxOperationsPerAddress: -1,
}

const node = await startNode([`127.0.0.1:${number('bootstrap', 0)}`])
await waitUntilJoined([node])
const proxy = await ProxyServer.start(node, { port: 0, address: '127.0.0.1', limits: UNLIMITED })
printRow('ready', { port: proxy.port })

for await (const _ of createInterface({ input: process.stdin })) {
  printRow('memory', { rssKb: residentKb() })
}
process.exit(0)
