// SPDX-License-Identifier: MIT
// Replies: their headers, their bodies, their errors (spec proxy, section 2.1).

import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { toJsonText } from '../protocol/json-text.ts'
import type { HttpError } from './http-error.ts'
import { type ProxyStatus, STATUS_HEADER } from './readiness-gate.ts'
import type { RouteContext } from './route.ts'

/** Smaller bodies fit into the packet that goes out anyway. */
const COMPRESS_BYTES = 1400
const compress = promisify(gzip)

/** A whole body. Large ones are compressed for clients that say that they can read it. */
export function sendJson(context: RouteContext, json: string, status = 200): void | Promise<void> {
  const { request, reply } = context
  const isLarge = json.length >= COMPRESS_BYTES
  if (isLarge && TAKES_GZIP.test(request.headers['accept-encoding'] ?? '')) {
    return sendCompressed(context, json, status)
  }
  const vary = isLarge ? VARY : []
  reply.writeHead(status, [...jsonHeaders(context), ...vary, 'Content-Length', byteLength(json)])
  reply.end(json)
}

/** A whole body that is no JSON. */
export function sendText(
  { reply, services }: RouteContext,
  body: { readonly type: string; readonly text: string; readonly headers?: readonly string[] },
): void {
  const { type, text, headers = [] } = body
  const common = ['Content-Type', type, STATUS_HEADER, services.readiness.status]
  reply.writeHead(200, [...common, ...headers, 'Content-Length', byteLength(text)])
  reply.end(text)
}

/** Nothing but headers. */
export function sendEmpty(context: RouteContext, headers: readonly string[] = []): void {
  const { reply } = context
  reply.writeHead(200, [...jsonHeaders(context), ...headers, 'Content-Length', '0'])
  reply.end()
}

/** Headers of a body of unknown length, which follows in lines. */
export function beginLines(context: RouteContext): void {
  context.reply.writeHead(200, jsonHeaders(context))
}

/** All that would follow `beginLines`, in the same form, but written at once. */
export function sendLines(context: RouteContext, lines: string): void {
  const { request, reply } = context
  if (request.httpVersionMinor === 0) {
    // Knows nothing of chunks: the end of the connection is that of the lines.
    beginLines(context)
    reply.end(lines)
    return
  }
  reply.writeHead(200, [...jsonHeaders(context), 'Transfer-Encoding', 'chunked'])
  // Node.js would write four pieces for one chunk.
  reply.chunkedEncoding = false
  const size = Buffer.byteLength(lines).toString(16)
  reply.end(lines === '' ? LAST_CHUNK : `${size}\r\n${lines}\r\n${LAST_CHUNK}`)
}

/** Unless a reply has begun: then its connection is all that can be ended. */
export function sendError(reply: ServerResponse, error: HttpError, status: ProxyStatus): void {
  if (reply.headersSent) {
    reply.destroy()
    return
  }
  const json = toJsonText({ err: error.message })
  const headers = [...JSON_HEADERS, STATUS_HEADER, status, ...Object.entries(error.headers).flat()]
  reply.writeHead(error.status, [...headers, 'Content-Length', byteLength(json)])
  reply.end(json)
}

async function sendCompressed(context: RouteContext, json: string, status: number): Promise<void> {
  const body = await compress(json)
  const encoding = [...VARY, 'Content-Encoding', 'gzip', 'Content-Length', String(body.length)]
  context.reply.writeHead(status, [...jsonHeaders(context), ...encoding])
  context.reply.end(body)
}

function jsonHeaders({ services }: RouteContext): string[] {
  return [...JSON_HEADERS, STATUS_HEADER, services.readiness.status]
}

function byteLength(json: string): string {
  return String(Buffer.byteLength(json))
}

const LAST_CHUNK = '0\r\n\r\n'

/** Not `gzip;q=0`, which says that it is not wanted. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i
const VARY = ['Vary', 'Accept-Encoding']

const JSON_HEADERS: readonly string[] = [
  'Content-Type',
  'application/json',
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  `${STATUS_HEADER}, Retry-After`,
]
