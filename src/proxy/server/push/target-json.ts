// SPDX-License-Identifier: MIT
// Whom to notify, as requests say it: the body of a subscription, or `permanent` of a put.

import type { JsonInput } from '../../protocol/json-reader.ts'
import { HttpError } from '../http-error.ts'
import { PLATFORMS, type Platform, type PushTarget } from '../store/records.ts'
import { MAX_ENDPOINT_LENGTH } from './endpoint-guard.ts'

/** Longer than any token, endpoint or id of a client that is meant seriously. */
const MAX_LENGTH = { key: MAX_ENDPOINT_LENGTH, client_id: 256, session_id: 256, topic: 512 }
const MAX_KEY_LENGTH = 256

/**
 * Undefined when no device is named. Empty topics become `bundleId`, except for endpoints. Throws
 * HttpError 400 that names a wrong member.
 */
export function readTarget(json: JsonInput | undefined, bundleId: string): PushTarget | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const token = readText(json, 'key')
  if (token === '') return undefined
  const platform = PLATFORMS.find((it): it is Platform => it === json['platform']) ?? 'none'
  const isEndpoint = platform === 'unifiedpush' || platform === 'webpush'
  const topic = readText(json, 'topic')
  return {
    platform,
    token,
    clientId: readText(json, 'client_id'),
    sessionId: readText(json, 'session_id'),
    topic: topic === '' && !isEndpoint ? bundleId : topic,
    keys: isEndpoint ? readKeys(json) : undefined,
  }
}

function readText(
  json: { readonly [key: string]: JsonInput | undefined },
  name: keyof typeof MAX_LENGTH,
): string {
  const text = json[name] ?? ''
  if (typeof text !== 'string') throw new HttpError(400, `${name} must be a string`)
  if (text.length <= MAX_LENGTH[name]) return text
  throw new HttpError(400, `${name} must have at most ${MAX_LENGTH[name]} characters`)
}

/** Beside the other members, or within `keys`, as browsers write a PushSubscription. */
function readKeys(json: { readonly [key: string]: JsonInput | undefined }): PushTarget['keys'] {
  const { keys } = json
  const isObject = typeof keys === 'object' && keys !== null && !Array.isArray(keys)
  const { p256dh, auth } = isObject ? keys : json
  if (p256dh === undefined && auth === undefined) return undefined
  if (isKey(p256dh) && isKey(auth)) return { p256dh, auth }
  throw new HttpError(400, `p256dh and auth must be texts of at most ${MAX_KEY_LENGTH} characters`)
}

function isKey(json: JsonInput | undefined): json is string {
  return typeof json === 'string' && json.length <= MAX_KEY_LENGTH
}
