// SPDX-License-Identifier: MIT
// A Redis server of its own for a test, on loopback, that writes nothing to disk.

import { type ChildProcess, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { startChild } from './child.ts'
import { freePort } from './free-port.ts'

export const NO_REDIS =
  spawnSync('redis-server', ['--version']).error !== undefined && 'redis-server is not installed'

export class RedisProcess implements AsyncDisposable {
  readonly url: string
  readonly #port: number
  #child: ChildProcess | undefined

  static async start(): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort())
    await redis.start()
    return redis
  }

  private constructor(port: number) {
    this.#port = port
    this.url = `redis://127.0.0.1:${port}`
  }

  async start(): Promise<void> {
    const options = ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--save', '']
    const child = startChild(['redis-server', ...options, '--appendonly', 'no'])
    child.stdout.resume()
    this.#child = child
    while (!(await isOpen(this.#port))) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** Its data is gone with it. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
