// SPDX-License-Identifier: MIT
// The document's part about values: get, put, listen, sign, encrypt.

import type { ApiOperation, RouteDescription } from './api-types.ts'
import { failures, json, jsonLines, KEY, RESUME } from './responses.ts'
import { schemaRef } from './schemas.ts'

const TAGS = ['values']
const EXAMPLE = { data: 'aGVsbG8=' }

const valueBody = {
  required: true,
  content: { 'application/json': { schema: schemaRef('ValueToPut'), example: EXAMPLE } },
}

const GET: ApiOperation = {
  operationId: 'get',
  tags: TAGS,
  summary: 'Get the values under a key',
  description:
    'Values come as they are found, one JSON object per line, and the reply ends with the ' +
    'search. One value may come twice. Nothing found is an empty body.',
  parameters: [KEY],
  responses: { '200': jsonLines('The values.', schemaRef('Value')), ...failures('400', '502') },
}

const PUT: ApiOperation = {
  operationId: 'put',
  tags: TAGS,
  summary: 'Put a value under a key',
  description:
    'Answers when the nodes next to the key have it. With `permanent` the proxy renews the value ' +
    'for 24 hours: repeat the request with the same id within that time to keep it.',
  parameters: [KEY],
  requestBody: valueBody,
  responses: {
    '200': json('What was stored; its id if none was given.', schemaRef('Value')),
    ...failures('400', '413', '502'),
  },
}

const LISTEN: ApiOperation = {
  operationId: 'listen',
  tags: TAGS,
  summary: 'Follow the values under a key',
  description:
    'First the values that are there, then each change as it happens, one JSON object per line. ' +
    'The reply does not end. When its connection does, ask again, here or at another proxy.',
  parameters: [KEY, RESUME],
  responses: { '200': jsonLines('The changes.', schemaRef('ListenEvent')), ...failures('400') },
}

const PREFLIGHT: ApiOperation = {
  operationId: 'preflight',
  tags: ['browsers'],
  summary: 'What a browser may do from other sites',
  description: 'Answers the question that browsers ask before some requests.',
  parameters: [KEY],
  responses: {
    '200': {
      description: 'Everything, from everywhere.',
      headers: {
        'Access-Control-Allow-Origin': { description: 'Any.', schema: { const: '*' } },
        'Access-Control-Allow-Methods': {
          description: 'The methods.',
          schema: { type: 'string', pattern: 'GET' },
        },
      },
    },
    ...failures('400'),
  },
}

const SIGN: ApiOperation = {
  operationId: 'putSigned',
  tags: TAGS,
  summary: 'Put a value signed by the proxy',
  description: 'Only where the proxy has an identity.',
  parameters: [KEY],
  requestBody: valueBody,
  responses: {
    '200': json('The value with owner, sequence number and signature.', schemaRef('Value')),
    ...failures('400', '413', '501', '502'),
  },
}

const ENCRYPT: ApiOperation = {
  operationId: 'putEncrypted',
  tags: TAGS,
  summary: 'Put a value that only one can read',
  description: 'Only where the proxy has an identity. `to` is the id of the key of the recipient.',
  parameters: [KEY],
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { ...schemaRef('ValueToPut'), required: ['to'] } },
    },
  },
  responses: {
    '200': json('The value as it was put.', schemaRef('Value')),
    ...failures('400', '413', '501', '502'),
  },
}

export const VALUE_ROUTES: readonly RouteDescription[] = [
  { method: 'GET', path: '/key/:key', operation: GET },
  { method: 'POST', path: '/key/:key', operation: PUT },
  { method: 'GET', path: '/key/:key/listen', operation: LISTEN },
  { method: 'GET', path: '/key/:key/options', operation: variant(PREFLIGHT, 'Early') },
  { method: 'POST', path: '/key/:key/sign', operation: SIGN },
  { method: 'POST', path: '/key/:key/encrypt', operation: ENCRYPT },
  { method: 'GET', path: '/:key', operation: legacy(GET) },
  { method: 'POST', path: '/:key', operation: legacy(PUT) },
]

/** Of any path: browsers may ask it. */
export function preflight(path: string): RouteDescription {
  const words = path.split(/\W+/).filter((it) => it !== '')
  const suffix = words.map((it) => `${it[0]!.toUpperCase()}${it.slice(1)}`).join('')
  const operation = variant(PREFLIGHT, `For${suffix === '' ? 'Root' : suffix}`)
  const parameters = path.includes(':key') ? [KEY] : []
  return { method: 'OPTIONS', path, operation: { ...operation, parameters } }
}

/** The same on the path that clients of before 2020, and some later ones, use. */
export function legacy(operation: ApiOperation): ApiOperation {
  return {
    ...variant(operation, 'Legacy'),
    deprecated: true,
    description: `The same as \`/key/{key}\`, for old clients. ${operation.description}`,
  }
}

function variant(operation: ApiOperation, suffix: string): ApiOperation {
  return { ...operation, operationId: `${operation.operationId}${suffix}` }
}
