// SPDX-License-Identifier: MIT
// How a listen stream is written: as lines for clients of OpenDHT, as lines with cursors, or as
// server-sent events. See "Streams" in docs/proxy.md.

import type { IncomingMessage } from 'node:http'

export type Mark = 'reset' | 'sync' | 'beat'

export interface StreamForm {
  readonly headers: readonly string[]
  /** Whether clients of this form can resume, and understand marks. */
  readonly isResumable: boolean
  /** `json` is an object. */
  value(json: string, cursor: string): string
  mark(mark: Mark, cursor: string): string
}

export interface StreamRequest {
  readonly form: StreamForm
  /** Where to go on. */
  readonly cursor: string | undefined
}

export function streamRequest({ headers }: IncomingMessage, search: string): StreamRequest {
  const resume = new URLSearchParams(search).get('resume') ?? undefined
  if (/\btext\/event-stream\b/.test(headers.accept ?? '')) {
    const last = headers['last-event-id']
    return { form: EVENTS, cursor: typeof last === 'string' ? last : resume }
  }
  return resume === undefined
    ? { form: PLAIN, cursor: undefined }
    : { form: RESUMABLE, cursor: resume }
}

const PLAIN: StreamForm = {
  headers: ['Content-Type', 'application/json'],
  isResumable: false,
  value: (json) => `${json}\n`,
  mark: () => '',
}

const RESUMABLE: StreamForm = {
  headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
  isResumable: true,
  value: (json, cursor) => `{"cursor":"${cursor}",${json.slice(1)}\n`,
  mark: (mark, cursor) =>
    mark === 'beat' ? `{"cursor":"${cursor}"}\n` : `{"cursor":"${cursor}","${mark}":true}\n`,
}

const EVENTS: StreamForm = {
  // The last one keeps a widespread reverse proxy from gathering events.
  headers: [
    'Content-Type',
    'text/event-stream',
    'Cache-Control',
    'no-store',
    'X-Accel-Buffering',
    'no',
  ],
  isResumable: true,
  value: (json, cursor) => `id: ${cursor}\ndata: ${json}\n\n`,
  mark: (mark, cursor) =>
    mark === 'beat' ? ':\n\n' : `event: ${mark}\nid: ${cursor}\ndata: {}\n\n`,
}
