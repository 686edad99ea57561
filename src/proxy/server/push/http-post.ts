// SPDX-License-Identifier: MIT
// One POST with a deadline and a bounded reply, over connections that are kept. Redirects are not
// followed: who is asked was checked, where a reply points to was not.

import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export interface PostRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  readonly agent: Agent
  readonly timeoutMs: number
  /** Longer replies are cut. */
  readonly maxReplyBytes: number
}

export interface PostReply {
  readonly status: number
  /** Of the header Retry-After, when it is a number of seconds. */
  readonly retryAfterMs: number | undefined
  readonly body: string
}

/** Rejects when no whole reply came within the time. */
export function post(options: PostRequest): Promise<PostReply> {
  const { url, headers, body, agent, timeoutMs } = options
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const length = { 'Content-Length': `${Buffer.byteLength(body)}` }
    const signal = AbortSignal.timeout(timeoutMs)
    const request = send(url, { method: 'POST', headers: { ...headers, ...length }, agent, signal })
    request.on('error', (error) => reject(signal.aborted ? new Error('no reply in time') : error))
    request.on('response', (reply) => {
      read(reply, options.maxReplyBytes).then((text) => {
        const { statusCode: status = 0 } = reply
        resolve({ status, retryAfterMs: retryAfter(reply), body: text })
      }, reject)
    })
    request.end(body)
  })
}

function read(reply: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    reply.on('data', (part: Buffer) => {
      bytes += part.length
      parts.push(part)
      if (bytes <= maxBytes) return
      resolve(Buffer.concat(parts).toString('utf8', 0, maxBytes))
      reply.destroy()
    })
    reply.on('end', () => resolve(Buffer.concat(parts).toString('utf8')))
    reply.on('error', reject)
    reply.on('close', () => reject(new Error('the reply broke off')))
  })
}

function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
