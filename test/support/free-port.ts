// SPDX-License-Identifier: MIT
// A TCP port for a program that has to be told one.

import { type AddressInfo, createServer } from 'node:net'

/** Free a moment ago, on loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
