// SPDX-License-Identifier: MIT
// The document's part about push notifications.

import type { ApiOperation, RouteDescription } from './api-types.ts'
import { failures, json, jsonLines, KEY } from './responses.ts'
import { schemaRef } from './schemas.ts'
import { legacy } from './value-operations.ts'

const TAGS = ['push']
const DEVICE = { key: 'device-token', client_id: 'app', platform: 'android' }

function body(schema: ReturnType<typeof schemaRef>, example: unknown) {
  return { required: true, content: { 'application/json': { schema, example } } }
}

const SUBSCRIBE: ApiOperation = {
  operationId: 'subscribe',
  tags: TAGS,
  summary: 'Be notified of changes under a key',
  description:
    'The proxy listens for 24 hours after the last such request and notifies the device. A new ' +
    'subscription is answered with an empty object; one that exists with the values that are ' +
    'there, or with `refresh` with an empty object.',
  parameters: [KEY],
  requestBody: body(schemaRef('Subscription'), DEVICE),
  responses: {
    '200': jsonLines('It listens.', { anyOf: [schemaRef('Value'), schemaRef('Empty')] }),
    ...failures('400', '413', '501'),
  },
}

const UNSUBSCRIBE: ApiOperation = {
  operationId: 'unsubscribe',
  tags: TAGS,
  summary: 'Be notified no more',
  description: 'It is no error when there is no such subscription.',
  parameters: [KEY],
  requestBody: body(schemaRef('SubscriptionEnd'), { key: 'device-token', client_id: 'app' }),
  responses: {
    '200': { description: 'There is no such subscription any more.' },
    ...failures('400', '413'),
  },
}

const PING: ApiOperation = {
  operationId: 'pingPush',
  tags: TAGS,
  summary: 'Send a notification to see that it arrives',
  description: 'Its content is `to` with the client id, and `pong`.',
  requestBody: body(schemaRef('Subscription'), DEVICE),
  responses: {
    '200': json('It is on its way.', schemaRef('Empty')),
    ...failures('400', '413', '501'),
  },
}

const VAPID: ApiOperation = {
  operationId: 'vapidKey',
  tags: TAGS,
  summary: 'What a browser subscribes to its push service with',
  description: 'The `applicationServerKey` of `PushManager.subscribe`; it lasts.',
  responses: { '200': json('The key.', schemaRef('VapidKey')), ...failures() },
}

export const PUSH_ROUTES: readonly RouteDescription[] = [
  { method: 'SUBSCRIBE', path: '/key/:key', operation: SUBSCRIBE },
  { method: 'UNSUBSCRIBE', path: '/key/:key', operation: UNSUBSCRIBE },
  { method: 'SUBSCRIBE', path: '/:key', operation: legacy(SUBSCRIBE) },
  { method: 'UNSUBSCRIBE', path: '/:key', operation: legacy(UNSUBSCRIBE) },
  { method: 'POST', path: '/node/pingPush', operation: PING },
  { method: 'GET', path: '/push/vapid', operation: VAPID },
]
