// SPDX-License-Identifier: MIT
// Slow clients of a proxy: thousands of connections that send a byte of a request per second, and
// what others notice of them.

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row, Subject } from '../harness/benchmark.ts'
import type { Context } from '../harness/context.ts'
import { ProxyUnderTest } from '../harness/proxies.ts'

const CLIENTS = 2000
const DRIP_MS = 1000
/** By then a proxy with a limit has cut off the first ones. */
const LATER_MS = 20_000
const HEAD = 'GET /node/info HTTP/1.1\r\nHost: x\r\nX-Slow: '
const KEYS = 200
const CONNECTIONS = 8

export async function slowClients(subject: Subject, context: Context): Promise<Row[]> {
  await using proxy = await ProxyUnderTest.start(subject, context)
  const { seconds } = context
  await proxy.load('fill', CONNECTIONS, { keys: KEYS, seed: 1 })
  const gets = async (row: string): Promise<Row> => {
    const options = { keys: KEYS, seed: 1, seconds, warm: 1 }
    const { perS, p50Us, p99Us, failed } = await proxy.load('get', CONNECTIONS, options)
    const done = Number(perS) * seconds
    const success = (100 * done) / Math.max(1, done + Number(failed))
    return { row, success, p50Ms: Number(p50Us) / 1000, p99Ms: Number(p99Us) / 1000 }
  }
  const quiet = await gets('proxy, quiet: get')
  const sockets = Array.from({ length: CLIENTS }, () => slowSocket(proxy.port))
  const isOpen = (it: Socket): boolean => it.readyState === 'open' && !it.readableEnded
  const drip = setInterval(() => {
    for (const socket of sockets) if (isOpen(socket)) socket.write('x')
  }, DRIP_MS)
  try {
    await sleep(DRIP_MS)
    const attacked = await gets(`proxy, ${CLIENTS.toLocaleString('en')} slow clients: get`)
    await sleep(LATER_MS - seconds * 1000)
    const kept = sockets.filter(isOpen).length
    return [quiet, attacked, { row: 'slow clients after 20 s', kept }]
  } finally {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  }
}

function slowSocket(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  // Whoever is cut off is what is counted.
  socket.on('error', () => {}).resume()
  socket.write(HEAD)
  return socket
}
