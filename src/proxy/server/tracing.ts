// SPDX-License-Identifier: MIT
// Spans of requests and of the operations of the node that they cause, for an application that has
// OpenTelemetry: found when the server starts, by its API package alone. Without it there is none
// of this, and a request pays for one comparison.

import type { IncomingMessage } from 'node:http'

export interface Tracing {
  /** `route` as `GET /key/:key`. Undefined when nobody wants to know. */
  request(route: string, request: IncomingMessage): RequestSpan | undefined
}

export interface RequestSpan {
  /** Runs `action` as a part of the request. A rejection is noted and passed on. */
  operation<T>(name: string, action: () => Promise<T>): Promise<T>
  /** Once: with the status of the reply. */
  end(status: number): void
}

/** Undefined where `@opentelemetry/api` is not installed. */
export async function findTracing(version: string): Promise<Tracing | undefined> {
  const api = await import('@opentelemetry/api').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  })
  if (api === undefined) return undefined
  const { OpenTelemetry } = await import('./open-telemetry.ts')
  return new OpenTelemetry(api, version)
}

/** An operation of the node for the request of `context`. */
export function traced<T>(
  { span }: { readonly span: RequestSpan | undefined },
  name: string,
  action: () => Promise<T>,
): Promise<T> {
  return span === undefined ? action() : span.operation(name, action)
}
