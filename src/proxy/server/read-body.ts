// SPDX-License-Identifier: MIT
// Reads the body of a request, within a limit, and as JSON.

import type { Value } from '../../core/value/value.ts'
import { type JsonInput, parseJson } from '../protocol/json-reader.ts'
import { type JsonObject, requireObject, valueFromJson } from '../protocol/value-json.ts'
import { HttpError } from './http-error.ts'
import type { RouteContext } from './route.ts'

/** The body as text. Rejects with HttpError 413 when it is too large, 400 when it breaks off. */
export function readBody({ request, services }: RouteContext): Promise<string> {
  const { maxBodyBytes } = services.limits
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    const tooLarge = (): void => {
      services.counters.refused.body++
      const message = `The body must have at most ${maxBodyBytes} bytes`
      // What is still to come is not read: the connection cannot be used any more.
      reject(new HttpError(413, message, { Connection: 'close' }))
    }
    const isTooLarge = (length: number): boolean => maxBodyBytes >= 0 && length > maxBodyBytes
    if (isTooLarge(Number(request.headers['content-length'] ?? 0))) return tooLarge()
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (!isTooLarge(bytes)) return void parts.push(part)
      request.pause()
      request.removeAllListeners('data')
      tooLarge()
    })
    request.on('end', () => resolve(toText(parts)))
    request.on('close', () => {
      if (!request.complete) reject(new HttpError(400, 'The body broke off'))
    })
  })
}

/** Most bodies come in one part. */
function toText(parts: readonly Buffer[]): string {
  const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  return whole.toString('utf8')
}

/** The body as a JSON object. Rejects with HttpError 400 when it is none. */
export async function readJson(context: RouteContext): Promise<JsonObject> {
  const text = await readBody(context)
  if (text === '') throw new HttpError(400, 'Missing parameters: expected a JSON object')
  return asBadRequest(() => requireObject(parseJson(text)))
}

/** What a wrong body makes `read` throw, as the reply to whoever sent it. */
export function asBadRequest<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isMistake(error)) throw error
    throw new HttpError(400, error.message)
  }
}

export function toRequestValue(json: JsonInput): Value {
  return asBadRequest(() => valueFromJson(json))
}

function isMistake(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
}
