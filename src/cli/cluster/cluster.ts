// SPDX-License-Identifier: MIT
// Nodes in this process on consecutive ports. The first one is where the others join, unless there
// is a network to join already.

import { DhtRunner } from '../../nodejs/dht-runner.ts'
import type { RunnerOptions } from '../../nodejs/runner-options.ts'
import type { LogTarget } from '../log-target.ts'

export interface ClusterOptions {
  /** 0 for any free ports. */
  readonly firstPort: number
  readonly runner: RunnerOptions
  openLog(index: number): LogTarget
}

export interface ClusterNode {
  readonly runner: DhtRunner
  readonly logTarget: LogTarget
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #nodes: ClusterNode[] = []

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  get nodes(): readonly ClusterNode[] {
    return this.#nodes
  }

  /** Starts nodes, or stops the last ones. Rejects when a port is taken; those before it run. */
  async resize(count: number): Promise<void> {
    while (this.#nodes.length < count) this.#nodes.push(await this.#start(this.#nodes.length))
    await Promise.all(this.#nodes.splice(count).map(stop))
  }

  async #start(index: number): Promise<ClusterNode> {
    const { firstPort, runner, openLog } = this.#options
    const first = this.#nodes[0]?.runner.addresses.map(({ family, port }) =>
      family === 4
        ? `${runner.bind4 || '127.0.0.1'}:${port}`
        : `[${runner.bind6 || '::1'}]:${port}`,
    )
    const logTarget = openLog(index)
    try {
      const started = await DhtRunner.start({
        ...runner,
        port: firstPort === 0 ? 0 : firstPort + index,
        bootstrap: runner.bootstrap?.length ? runner.bootstrap : first,
        log: logTarget.log,
      })
      return { runner: started, logTarget }
    } catch (error) {
      logTarget.close()
      throw error
    }
  }
}

async function stop({ runner, logTarget }: ClusterNode): Promise<void> {
  await runner.close()
  logTarget.close()
}
