// SPDX-License-Identifier: MIT
// Replies that are for whoever asked alone: other websites may not read them, nobody keeps them.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { RouteContext } from '../route.ts'

const compress = promisify(gzip)

/** Infinite and missing numbers become null. */
export async function sendPrivateJson(context: RouteContext, json: unknown): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(json)}\n`)
  const accepts = context.request.headers['accept-encoding'] ?? ''
  const isSmall = text.length < COMPRESS_BYTES || !/\bgzip\b/.test(accepts)
  const encoding = isSmall ? [] : ['Content-Encoding', 'gzip']
  const body = isSmall ? text : await compress(text)
  sendPrivate(context, body, ['Content-Type', 'application/json', ...encoding])
}

export function sendPrivate(
  { reply }: RouteContext,
  body: Uint8Array,
  headers: readonly string[],
): void {
  reply.writeHead(200, [...PRIVATE, ...headers, 'Content-Length', String(body.length)])
  reply.end(body)
}

const COMPRESS_BYTES = 1400
const PRIVATE = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff']
