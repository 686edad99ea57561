// SPDX-License-Identifier: MIT
// Values that the node behind the proxy signs, or signs and encrypts, and puts (spec proxy, section
// 4.6). Only a node with an identity can.

import type { PutResult } from '../../../api/dht-interface.ts'
import { Value } from '../../../core/value/value.ts'
import { CryptoError } from '../../../crypto/errors.ts'
import { valueToJson } from '../../protocol/value-json.ts'
import { HttpError } from '../http-error.ts'
import { failureOf } from '../node-failure.ts'
import { withOperation } from '../operations.ts'
import { readJson, toRequestValue } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { Route, RouteContext } from '../route.ts'
import { traced } from '../tracing.ts'

export const SECURE_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/key/:key/sign', handle: putSigned },
  { method: 'POST', path: '/key/:key/encrypt', handle: putEncrypted },
]

async function putSigned(context: RouteContext): Promise<void> {
  const { key, services } = context
  requireIdentity(context)
  const value = unsigned(toRequestValue(await readJson(context)))
  await services.kept.puts.supersede(key, value.id)
  await answer(context, () => services.node.putSigned(key, value))
}

async function putEncrypted(context: RouteContext): Promise<void> {
  const { key, services } = context
  requireIdentity(context)
  const value = unsigned(toRequestValue(await readJson(context)))
  const to = value.recipient
  if (to === undefined) throw new HttpError(400, NO_DESTINATION)
  await answer(context, async () => {
    const sealed = await services.node.encrypt(value, to)
    await services.kept.puts.supersede(key, value.id)
    return services.node.put(key, sealed)
  })
}

function requireIdentity({ services }: RouteContext): void {
  if (services.node.publicKey !== undefined) return
  throw new HttpError(501, 'The node behind this proxy has no identity to sign with')
}

async function answer(context: RouteContext, put: () => Promise<PutResult>): Promise<void> {
  const action = async () => {
    try {
      return (await put()).value
    } catch (error) {
      if (error instanceof CryptoError) throw cryptoFailure(error)
      throw failureOf('Put failed', error)
    }
  }
  const run = () => withOperation(context, action)
  const stored = await traced(context, 'put', run)
  await sendJson(context, `${valueToJson(stored)}\n`)
}

function cryptoFailure({ code, message }: CryptoError): HttpError {
  if (code === 'ERR_CRYPTO_UNKNOWN_KEY') return new HttpError(400, `${NO_DESTINATION}: ${message}`)
  return new HttpError(code === 'ERR_CRYPTO_TOO_LONG' ? 413 : 502, `Put failed: ${message}`)
}

/** The node signs: what the client says about owner and signature is not asked for. */
function unsigned(value: Value): Value {
  return new Value({ ...value, owner: undefined, signature: undefined })
}

/** `to` is the id of the key of the reader. */
const NO_DESTINATION = 'No destination found: expected the id of a public key as `to`'
