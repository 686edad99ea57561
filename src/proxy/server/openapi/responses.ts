// SPDX-License-Identifier: MIT
// Replies, parameters and headers that several operations of the document have in common.

import type { ApiHeader, ApiParameter, ApiResponse, Reference, Schema } from './api-types.ts'
import { schemaRef } from './schemas.ts'

/** A reply with one JSON object. */
export function json(description: string, schema: Schema): ApiResponse {
  return { description, headers: STATUS, content: { 'application/json': { schema } } }
}

/** A reply with one JSON object per line, until it ends; as server-sent events when asked. */
export function jsonLines(description: string, item: Schema): ApiResponse {
  const lines = { 'x-oai-itemSchema': item }
  return {
    description,
    headers: STATUS,
    content: { 'application/json': lines, 'text/event-stream': lines },
  }
}

/** The replies that any request may get. */
export function failures(...statuses: readonly (keyof typeof ERRORS)[]): Record<string, Reference> {
  const all = [...new Set<keyof typeof ERRORS>([...statuses, '429', '503'])]
  return Object.fromEntries(
    all.map((status) => [status, { $ref: `#/components/responses/${ERRORS[status].name}` }]),
  )
}

/** Has to come before what it is used in. */
const STATUS = { 'OpenDHT-Status': { $ref: '#/components/headers/Status' } }

const error = (description: string, headers: Record<string, ApiHeader> = {}): ApiResponse => ({
  description,
  headers: { ...STATUS, ...headers },
  content: { 'application/json': { schema: schemaRef('Error') } },
})

const RETRY_AFTER: ApiHeader = {
  description: 'Seconds until it is worth trying again here.',
  schema: { type: 'string', pattern: '^[0-9]+$' },
}

const ERRORS = {
  '400': { name: 'BadRequest', description: 'The request is wrong: `err` says what was expected.' },
  '413': { name: 'TooLarge', description: 'The body is larger than the proxy takes.' },
  '429': { name: 'TooMany', description: 'This address asks too often or listens to too much.' },
  '501': {
    name: 'NotHere',
    description: 'This proxy has no identity to sign with, or no gateway to such devices.',
  },
  '502': { name: 'NetworkFailed', description: 'The network did not answer or take the value.' },
  '503': {
    name: 'Unavailable',
    description: 'Too much is under way, or the proxy is shutting down: use another one.',
  },
} as const

export const RESPONSES: Record<string, ApiResponse> = Object.fromEntries(
  Object.entries(ERRORS).map(([status, { name, description }]) => [
    name,
    error(description, status === '503' ? { 'Retry-After': RETRY_AFTER } : {}),
  ]),
)

export const HEADERS: Record<string, ApiHeader> = {
  Status: {
    description: '`ready`, or why operations cannot succeed now, as of `/readyz`.',
    schema: { type: 'string' },
  },
}

export const KEY: Reference = { $ref: '#/components/parameters/key' }

export const RESUME: Reference = { $ref: '#/components/parameters/resume' }

export const PARAMETERS: Record<string, ApiParameter> = {
  key: {
    name: 'key',
    in: 'path',
    required: true,
    description: '40 hexadecimal digits, or a text, whose SHA-1 is the key then.',
    schema: { type: 'string', minLength: 1 },
    example: 'greetings',
  },
  resume: {
    name: 'resume',
    in: 'query',
    required: false,
    description: 'Makes the stream one that can be resumed; a cursor goes on from there.',
    schema: { type: 'string', maxLength: 64 },
  },
}
