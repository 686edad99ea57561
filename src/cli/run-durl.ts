// SPDX-License-Identifier: MIT
// One run of durl: a GET, its headers and its body.

import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { toJson } from './format/json.ts'
import { type Program, runProgram } from './program.ts'
import type { ProgramStreams } from './tool.ts'

export interface DurlOptions {
  readonly url: URL
  readonly hasHeaders: boolean
  readonly isVerbose: boolean
  readonly json: boolean
}

const INTERRUPTED = 1
const REFUSED = 3
const FIRST_REFUSAL = 400
const AGENT = 'opendht-durl'
/** More is not collected for one JSON object. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

/** Resolves to the exit status. */
export function runDurl(options: DurlOptions, streams: ProgramStreams): Promise<number> {
  return runProgram(streams, async (program) => {
    try {
      return await get(options, program)
    } catch (error) {
      if (program.stop.signal.aborted) return INTERRUPTED
      throw error
    }
  })
}

async function get(options: DurlOptions, { stop, screen, streams }: Program): Promise<number> {
  const { url, hasHeaders, isVerbose, json } = options
  if (isVerbose) screen.error(`GET ${url}`)
  const response = await ask(url, stop.signal)
  const { statusCode: status = 0, statusMessage = '', httpVersion } = response
  const headers = sortedHeaders(response)
  if (isVerbose) screen.error(`HTTP/${httpVersion} ${status} ${statusMessage}`)
  if (json) {
    const body = await collect(response)
    screen.line(toJson({ event: 'response', status, headers: Object.fromEntries(headers), body }))
  } else {
    if (hasHeaders) screen.line([...headers.map((it) => it.join(': ')), ''].join('\n'))
    for await (const chunk of response) {
      // A reader that is slow makes the server wait.
      if (!streams.stdout.write(chunk)) await drained(streams, stop.signal)
    }
  }
  return status >= FIRST_REFUSAL ? REFUSED : 0
}

function ask(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = { 'User-Agent': AGENT, Accept: '*/*' }
    request(url, { headers, signal }, resolve)
      .on('error', (error) => reject(signal.aborted ? signal.reason : explain(url, error)))
      .end()
  })
}

/** Errors of a name with several addresses have no message of their own. */
function explain({ host }: URL, error: Error & { code?: string }): Error {
  const reason = error.message === '' ? error.code : error.message
  return new Error(`Cannot get anything from ${host}: ${reason}`, { cause: error })
}

/** Names as they came, in the order of the alphabet. */
function sortedHeaders({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  }
  return headers.sort(([a], [b]) => a.localeCompare(b, 'en'))
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += (chunk as Buffer).length
    if (size > MAX_JSON_BYTES) throw new Error(`The body has more than ${MAX_JSON_BYTES} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

function drained({ stdout }: ProgramStreams, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    stdout.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
}
