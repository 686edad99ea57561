// SPDX-License-Identifier: MIT
// A proxy in a process of its own, to be killed: `node proxy-program.ts BOOTSTRAP NETWORK STATE
// GATEWAY [NODE-STATE]`, where STATE is a file or the URL of a Redis server, and NODE-STATE a file
// that is written all the time. Says its port on standard output, and warnings on the other one.

import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'

const [bootstrap = '', network = '', path = '', gateway = '', statePath] = process.argv.slice(2)
const log = {
  enabled: (level: string) => level === 'warning' || level === 'error',
  write: (level: string, text: string) => console.error(`${level}: ${text}`),
}
const node = await DhtRunner.start({
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  network: Number(network),
  bootstrap: [bootstrap],
  statePath,
  stateIntervalMs: 20,
  log,
})
const proxy = await ProxyServer.start(node, {
  port: 0,
  address: '127.0.0.1',
  log,
  store: path.startsWith('redis:') ? { redis: path, takeoverMs: 2000 } : { path },
  push: { gateway },
  limits: { maxRequestsPerSecond: -1 },
})
console.log(proxy.port)
