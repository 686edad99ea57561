// SPDX-License-Identifier: MIT
// `npm start`: dhtnode, and without arguments a network of its own to play with, and its dashboard.

import { createServer } from 'node:net'
import { main } from './main.ts'

const LOOPBACK = '127.0.0.1'
/** Easy to remember and to bookmark; any other one when it is taken. */
const PORT = 8000

const args = process.argv.slice(2)
await main('dhtnode', args.length === 0 ? await demoArgs() : args)

async function demoArgs(): Promise<string[]> {
  const port = (await isFree(PORT)) ? PORT : 0
  return ['--demo', '16', '--proxyserver', String(port), '--proxy-addr', LOOPBACK]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)))
  })
}
