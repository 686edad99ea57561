// SPDX-License-Identifier: MIT
// Stands in for a push gateway and for push services: records requests and answers as it is told.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RecordedPush {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface PushAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

export class PushStub implements AsyncDisposable {
  readonly requests: RecordedPush[] = []
  /** Connections that were ever made. */
  connections = 0
  answer: (request: RecordedPush) => PushAnswer | Promise<PushAnswer> = () => ({ status: 200 })
  readonly #server: Server
  #waiting: (() => void)[] = []

  static async start(): Promise<PushStub> {
    const stub = new PushStub()
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve))
    return stub
  }

  private constructor() {
    this.#server = createServer((request, reply) => {
      const parts: Buffer[] = []
      request.on('data', (part) => parts.push(part))
      request.on('end', async () => {
        const { url: path = '', headers } = request
        const recorded = { path, headers, body: Buffer.concat(parts) }
        this.requests.push(recorded)
        for (const wake of this.#waiting.splice(0)) wake()
        const { status, headers: given, body = '{}' } = await this.answer(recorded)
        reply.writeHead(status, given).end(body)
      })
    })
    this.#server.on('connection', () => this.connections++)
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Items of all requests to the gateway so far, in order. */
  get items(): Record<string, unknown>[] {
    const requests = this.requests.filter(({ path }) => path === '/api/push')
    return requests.flatMap(({ body }) => JSON.parse(body.toString()).notifications)
  }

  /** Resolves when there were `count` requests. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
