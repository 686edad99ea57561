// SPDX-License-Identifier: MIT
// The document's part about the proxy itself: its node, health, metrics, and this document.

import type { ApiOperation, ApiResponse, RouteDescription } from './api-types.ts'
import { failures, json } from './responses.ts'
import { schemaRef } from './schemas.ts'

const NODE = ['node']
const HEALTH = ['operation']

const INFO: ApiOperation = {
  operationId: 'nodeInfo',
  tags: NODE,
  summary: 'The node behind the proxy',
  description: 'A client is connected when `good` of `ipv4` and `ipv6` together is not 0.',
  responses: { '200': json('The node.', schemaRef('NodeInfo')), ...failures() },
}

const STATS: ApiOperation = {
  operationId: 'nodeStats',
  tags: NODE,
  summary: 'What the proxy does for its clients',
  description: 'Counts of listens, permanent puts and subscriptions. `/metrics` has more.',
  responses: { '200': json('The counts.', schemaRef('NodeStats')), ...failures() },
}

const HEALTHZ: ApiOperation = {
  operationId: 'health',
  tags: HEALTH,
  summary: 'Whether the process is alive',
  description: 'To restart the process when there is no answer. Says nothing about the network.',
  responses: { '200': json('It is.', schemaRef('Health')), ...failures() },
}

const READYZ: ApiOperation = {
  operationId: 'readiness',
  tags: HEALTH,
  summary: 'Whether operations can succeed',
  description:
    'To send clients elsewhere while it is not 200. Asked at least once a minute, it tells ' +
    'within 15 seconds that the node is cut off. While the proxy shuts down it is 503, too.',
  responses: {
    ...failures(),
    '200': json('They can.', schemaRef('Readiness')),
    '503': json('They cannot: `status` says why.', schemaRef('Readiness')),
  },
}

const HEALTHZ_HEAD: ApiOperation = {
  ...HEALTHZ,
  operationId: 'healthHead',
  responses: { ...failures(), '200': { description: 'It is.' } },
}

const READYZ_HEAD: ApiOperation = {
  ...READYZ,
  operationId: 'readinessHead',
  responses: {
    ...failures(),
    '200': { description: 'They can.' },
    '503': { description: 'They cannot.' },
  },
}

const METRICS: ApiOperation = {
  operationId: 'metrics',
  tags: HEALTH,
  summary: 'Counters, in OpenMetrics',
  description: 'For Prometheus and others that read this format.',
  responses: { '200': text('The page.', 'application/openmetrics-text'), ...failures() },
}

const OPENAPI: ApiOperation = {
  operationId: 'openapi',
  tags: HEALTH,
  summary: 'This document',
  description: 'OpenAPI 3.1.',
  responses: { '200': json('The document.', { type: 'object' }), ...failures() },
}

const PAGE: ApiOperation = {
  operationId: 'apiPage',
  tags: HEALTH,
  summary: 'This document to be read',
  description: 'One page without scripts, which asks no other server for anything.',
  responses: { '200': text('The page.', 'text/html'), ...failures() },
}

export const NODE_ROUTES: readonly RouteDescription[] = [
  { method: 'GET', path: '/', operation: { ...INFO, operationId: 'rootInfo' } },
  { method: 'GET', path: '/node/info', operation: INFO },
  { method: 'GET', path: '/node/stats', operation: STATS },
  { method: 'GET', path: '/healthz', operation: HEALTHZ },
  { method: 'GET', path: '/readyz', operation: READYZ },
  { method: 'HEAD', path: '/healthz', operation: HEALTHZ_HEAD },
  { method: 'HEAD', path: '/readyz', operation: READYZ_HEAD },
  { method: 'GET', path: '/metrics', operation: METRICS },
  { method: 'GET', path: '/openapi.json', operation: OPENAPI },
  { method: 'GET', path: '/api', operation: PAGE },
]

function text(description: string, type: string): ApiResponse {
  return { description, content: { [type]: { schema: { type: 'string' } } } }
}
