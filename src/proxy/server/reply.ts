// SPDX-License-Identifier: MIT
// Replies: their headers, their bodies, their errors (spec proxy, section 2.1).

import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { toJsonText } from '../protocol/json-text.ts'
import type { HttpError } from './http-error.ts'
import type { RouteContext } from './route.ts'

/** Smaller bodies fit into the packet that goes out anyway. */
const COMPRESS_BYTES = 1400
const compress = promisify(gzip)

/** A whole body. Large ones are compressed for clients that say that they can read it. */
export function sendJson(context: RouteContext, json: string): void | Promise<void> {
  const { request, reply } = context
  const isLarge = json.length >= COMPRESS_BYTES
  if (isLarge && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    return sendCompressed(context, json)
  }
  const vary = isLarge ? VARY : []
  reply.writeHead(200, [...JSON_HEADERS, ...vary, 'Content-Length', byteLength(json)])
  reply.end(json)
}

/** Nothing but headers. */
export function sendEmpty({ reply }: RouteContext, headers: readonly string[] = []): void {
  reply.writeHead(200, [...JSON_HEADERS, ...headers, 'Content-Length', '0'])
  reply.end()
}

/** Headers of a body of unknown length, which follows in lines. */
export function beginLines({ reply }: RouteContext): void {
  reply.writeHead(200, [...JSON_HEADERS])
}

/** Unless a reply has begun: then its connection is all that can be ended. */
export function sendError(reply: ServerResponse, error: HttpError): void {
  if (reply.headersSent) {
    reply.destroy()
    return
  }
  const json = toJsonText({ err: error.message })
  const headers = [...JSON_HEADERS, ...Object.entries(error.headers).flat()]
  reply.writeHead(error.status, [...headers, 'Content-Length', byteLength(json)])
  reply.end(json)
}

async function sendCompressed({ reply }: RouteContext, json: string): Promise<void> {
  const body = await compress(json)
  const encoding = [...VARY, 'Content-Encoding', 'gzip', 'Content-Length', String(body.length)]
  reply.writeHead(200, [...JSON_HEADERS, ...encoding])
  reply.end(body)
}

function byteLength(json: string): string {
  return String(Buffer.byteLength(json))
}

const VARY = ['Vary', 'Accept-Encoding']

const JSON_HEADERS: readonly string[] = [
  'Content-Type',
  'application/json',
  'Access-Control-Allow-Origin',
  '*',
]
