// SPDX-License-Identifier: MIT
// The OpenAPI document of a server: what is known of its routes, and only of those that it has.

import type { Route } from '../route.ts'
import type { OpenApiDocument, RouteDescription } from './api-types.ts'
import { NODE_ROUTES } from './node-operations.ts'
import { PUSH_ROUTES } from './push-operations.ts'
import { HEADERS, PARAMETERS, RESPONSES } from './responses.ts'
import { SCHEMAS } from './schemas.ts'
import { preflight, VALUE_ROUTES } from './value-operations.ts'

export const DESCRIPTIONS: readonly RouteDescription[] = [
  ...VALUE_ROUTES,
  ...PUSH_ROUTES,
  ...NODE_ROUTES,
]

const DESCRIPTION = `What clients of OpenDHT speak with a proxy, and more: values under keys of a
distributed hash table, without being a node of it. Bodies are JSON in UTF-8. Values in streams are
one JSON object per line. Whoever asks with \`Accept: text/event-stream\` gets events instead.

Errors are \`{"err": "..."}\` and say what was expected. Besides those listed, every path may answer
404 (no such path), 405 (\`Allow\` has the methods), 408 (too slow), 431 (headers too large).`

const TAGS = [
  { name: 'values', description: 'Get, put and follow values.' },
  { name: 'push', description: 'Notifications for devices that cannot keep a connection.' },
  { name: 'browsers', description: 'What browsers ask before they send requests to other sites.' },
  { name: 'node', description: 'The node of the network behind the proxy.' },
  { name: 'operation', description: 'For those who run it.' },
]

export function openApiDocument(
  routes: readonly Pick<Route, 'method' | 'path'>[],
  version: string,
): OpenApiDocument {
  const names = new Set(routes.map(nameOf))
  const preflights = routes.filter(({ method }) => method === 'OPTIONS')
  const paths: Record<string, Record<string, unknown>> = {}
  for (const description of [...DESCRIPTIONS, ...preflights.map(({ path }) => preflight(path))]) {
    if (!names.has(nameOf(description))) continue
    const path = templateOf(description.path)
    paths[path] = withOperation(paths[path] ?? {}, description)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'OpenDHT REST proxy',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: {
      schemas: SCHEMAS,
      responses: RESPONSES,
      parameters: PARAMETERS,
      headers: HEADERS,
    },
  }
}

/** `:key` as OpenAPI writes it. */
export function templateOf(path: string): string {
  return path.replace(':key', '{key}')
}

/** Those that OpenAPI 3.1 has a field for; others go where 3.2 has them. */
const FIELDS = ['GET', 'HEAD', 'POST', 'OPTIONS']

function withOperation(
  item: Readonly<Record<string, unknown>>,
  { method, operation }: RouteDescription,
): Record<string, unknown> {
  if (FIELDS.includes(method)) return { ...item, [method.toLowerCase()]: operation }
  const others = item['x-oai-additionalOperations']
  return { ...item, 'x-oai-additionalOperations': { ...Object(others), [method]: operation } }
}

function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`
}
