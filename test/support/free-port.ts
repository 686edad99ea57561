// SPDX-License-Identifier: MIT
// A port for a program that has to be told one.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Systems give out higher ones, to whoever asks for any: those may be taken a moment later. */
const FIRST = 10_000
const COUNT = 20_000

/** Free a moment ago on loopback, for TCP and UDP. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const socket = createSocket('udp4')
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    const bound = once(socket, 'listening')
    socket.bind(port, '127.0.0.1')
    await bound
    return true
  } catch {
    return false
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
    await new Promise<void>((resolve) => socket.close(resolve))
  }
}
