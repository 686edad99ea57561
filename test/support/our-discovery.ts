// SPDX-License-Identifier: MIT
// Our peer discovery on a host of a virtual network, a process of its own: discovery-program.ts.

import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startChild, stopChild } from './child.ts'
import type { VirtualHost } from './netns.ts'
import { Watch } from './watch.ts'

const PROGRAM = fileURLToPath(new URL('discovery-program.ts', import.meta.url))
const PATIENCE_MS = 60_000
const CLOSE_GRACE_MS = 3000

export interface Found {
  readonly service: string
  readonly payload: unknown
  readonly from: string
}

/** discovery-program.ts on a host of a virtual network. */
export class OurDiscovery implements AsyncDisposable {
  readonly #child
  readonly found: Found[] = []
  readonly #watch = new Watch()

  constructor(host: VirtualHost, plan: object) {
    const command = [process.execPath, PROGRAM, JSON.stringify(plan)]
    this.#child = startChild(command, { prefix: host.prefix })
    this.#child.stderr.pipe(process.stderr)
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.found.push(JSON.parse(line))
      this.#watch.notify()
    })
  }

  until(fits: (found: Found) => boolean): Promise<Found> {
    const describe = () => JSON.stringify(this.found)
    return this.#watch.until(() => this.found.find(fits), PATIENCE_MS, describe)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    await stopChild(this.#child, CLOSE_GRACE_MS)
  }
}
