// SPDX-License-Identifier: MIT
// The JSON forms of the REST interface as JSON Schema: what clients send and what they get.

import type { Schema } from './api-types.ts'

export function schemaRef(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

const hex = (digits: number, description: string): Schema => ({
  type: 'string',
  pattern: `^[0-9a-f]{${digits}}$`,
  description,
})
const base64 = (description: string): Schema => ({
  type: 'string',
  contentEncoding: 'base64',
  description,
})
const count = (description: string): Schema => ({ type: 'integer', minimum: 0, description })
const text = (description: string): Schema => ({ type: 'string', description })

const STORED_ID: Schema = {
  type: 'string',
  pattern: '^[0-9]{1,20}$',
  description: 'Unsigned integer of 64 bits as decimal digits, too large for a JSON number.',
}

/** Those that a value has when it is not encrypted. */
const PLAIN_FIELDS = {
  type: { type: 'integer', minimum: 0, maximum: 65535, description: 'Value type. Default 0.' },
  data: base64('The content.'),
  utype: text('MIME type or name of the content.'),
  owner: text('Public key of whoever signed it, PEM.'),
  seq: {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    description: 'Revision of a signed value: nodes keep the highest.',
  },
  sig: base64('Signature of the owner.'),
  to: hex(40, 'Id of the key that it was encrypted for.'),
}

const VALUE_FIELDS = {
  id: STORED_ID,
  ...PLAIN_FIELDS,
  cypher: base64('The whole value, encrypted: then type, data and signature are inside.'),
  prio: count('0: push notifications about it are urgent. Default 0.'),
  pt: text('Passed on in push notifications.'),
}

const FAMILY: Schema = {
  type: 'object',
  required: ['good', 'dubious', 'incoming'],
  properties: {
    good: count('Nodes in the routing table that answered lately.'),
    dubious: count('Those that have not.'),
    incoming: count('Those that wrote to us after they last answered.'),
    table_depth: count('Depth of the routing table.'),
    network_size_estimation: count('Estimated number of nodes in the network.'),
  },
}

const NODE_FIELDS = {
  node_id: hex(40, 'Id of the node behind the proxy.'),
  id: hex(40, 'Id of its public key, if it has an identity.'),
  ipv4: FAMILY,
  ipv6: FAMILY,
  ops: count('Gets, listens and puts under way.'),
  storage_values: count('Values stored.'),
  storage_size: count('Bytes of them.'),
  local_storage_values: count('Values that this node put itself.'),
  local_storage_size: count('Bytes of them.'),
  port_ipv4: count('UDP port of the node.'),
  port_ipv6: count('UDP port of the node.'),
}

const PRIORITIES: Schema = {
  type: 'object',
  required: ['highPriorityCount', 'normalPriorityCount'],
  properties: {
    highPriorityCount: count('Urgent notifications sent.'),
    normalPriorityCount: count('Others.'),
  },
}

const PROXY_STATUS: Schema = {
  type: 'string',
  enum: [
    'ready',
    'shutting-down',
    'starting',
    'connecting',
    'silent',
    'empty-table',
    'network-down',
    'unreachable',
    'no-bootstrap',
    'no-socket',
    'closed',
  ],
}

const PUSH_FIELDS = {
  key: {
    type: 'string',
    minLength: 1,
    description: 'Token of the device, or URL of the endpoint for `unifiedpush` and `webpush`.',
  },
  client_id: text('Tells apart the applications on one device; comes back as `to`.'),
  session_id: text('Comes back as `s`: the client ignores what is for another session.'),
  topic: text('Of the push service; `<p256dh>|<auth>` where notifications are encrypted.'),
  platform: text('`android`, `ios`, `unifiedpush` or `webpush`.'),
  p256dh: text('Public key of the endpoint, base64url: notifications are encrypted for it.'),
  auth: text('Its secret. Both may also be in `keys`, as browsers have them.'),
}

export const SCHEMAS = {
  Error: {
    type: 'object',
    required: ['err'],
    properties: { err: text('What was expected, in a sentence.') },
  },
  Value: {
    type: 'object',
    description: 'A value as the network stores it.',
    required: ['id'],
    properties: VALUE_FIELDS,
    if: { required: ['cypher'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: Object.fromEntries(Object.keys(PLAIN_FIELDS).map((it) => [it, false])) },
    else: { required: ['type', 'data'] },
  },
  ValueToPut: {
    type: 'object',
    description: 'Base64 is the usual alphabet with padding.',
    properties: {
      ...VALUE_FIELDS,
      id: {
        type: ['string', 'integer'],
        description: 'Left out, or 0: the proxy draws one and returns it.',
      },
      permanent: {
        description:
          'When it is there, whatever it holds, the proxy renews the value for 24 hours after ' +
          'the last such request. As an object it names who is to be notified two hours before.',
        type: ['boolean', 'object', 'string', 'number', 'null', 'array'],
        properties: PUSH_FIELDS,
      },
    },
  },
  ListenEvent: {
    description:
      'A value that is there, or with `expired` one that is not any more; in a stream that can ' +
      'be resumed also marks without a value.',
    anyOf: [
      { $ref: '#/components/schemas/Value' },
      { type: 'object', required: ['cursor'], properties: { id: false } },
    ],
    properties: {
      expired: { const: true },
      cursor: { type: 'string', maxLength: 64, description: 'Where to go on after an end.' },
      reset: { const: true, description: 'All values that exist follow.' },
      sync: { const: true, description: 'All values that were known have come.' },
    },
  },
  NodeInfo: {
    type: 'object',
    required: ['node_id', 'ipv4', 'ipv6', 'ops'],
    properties: { ...NODE_FIELDS, public_ip: text('Where the request came from.') },
  },
  NodeStats: {
    type: 'object',
    required: ['listenCount', 'putCount', 'requestRate', 'nodeInfo'],
    properties: {
      listenCount: count('Open listens.'),
      putCount: count('Keys with permanent puts.'),
      totalPermanentPuts: count('Permanent puts.'),
      pushListenersCount: count('Devices with subscriptions.'),
      requestRate: { type: 'number', description: 'Requests per second.' },
      serverStartTime: count('Seconds since 1970.'),
      lastUpdated: count('Seconds since 1970.'),
      nodeInfo: {
        type: 'object',
        required: ['node_id', 'ipv4', 'ipv6'],
        properties: NODE_FIELDS,
      },
      androidPush: PRIORITIES,
      iosPush: PRIORITIES,
      unifiedPush: PRIORITIES,
    },
  },
  Health: {
    type: 'object',
    required: ['status'],
    properties: { status: { const: 'ok' } },
  },
  Readiness: {
    type: 'object',
    required: ['ready', 'status', 'ipv4', 'ipv6'],
    properties: {
      ready: { type: 'boolean' },
      status: PROXY_STATUS,
      ipv4: PROXY_STATUS,
      ipv6: PROXY_STATUS,
    },
  },
  Subscription: {
    type: 'object',
    required: ['key'],
    properties: {
      ...PUSH_FIELDS,
      p256dh: text('With `webpush`: the public key of the device, base64url.'),
      auth: text('With `webpush`: the secret of the device, base64url.'),
      refresh: { type: 'boolean', description: 'Renew only: do not send the values again.' },
    },
  },
  SubscriptionEnd: {
    type: 'object',
    required: ['key'],
    properties: { key: PUSH_FIELDS.key, client_id: PUSH_FIELDS.client_id },
  },
  Empty: { type: 'object', maxProperties: 0 },
  VapidKey: {
    type: 'object',
    required: ['publicKey'],
    properties: { publicKey: { type: 'string', description: 'P-256 point, base64url.' } },
  },
} satisfies Record<string, Schema>
