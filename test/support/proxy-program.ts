// SPDX-License-Identifier: MIT
// A proxy in a process of its own, to be killed: `node proxy-program.ts BOOTSTRAP NETWORK STATE
// GATEWAY`, where STATE is a file or the URL of a Redis server. Says its port on standard output.

import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'

const [bootstrap = '', network = '', path = '', gateway = ''] = process.argv.slice(2)
const node = await DhtRunner.start({
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  network: Number(network),
  bootstrap: [bootstrap],
})
const proxy = await ProxyServer.start(node, {
  port: 0,
  address: '127.0.0.1',
  store: path.startsWith('redis:') ? { redis: path, takeoverMs: 2000 } : { path },
  push: { gateway },
  limits: { maxRequestsPerSecond: -1 },
})
console.log(proxy.port)
