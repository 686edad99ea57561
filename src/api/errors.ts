// SPDX-License-Identifier: MIT
// Outcomes of operations as errors that say what failed and what to do about it.

import { DhtError, type DhtErrorCode } from '../core/errors.ts'
import type { Outcome } from '../core/events.ts'
import type { Value } from '../core/value/value.ts'

/** A put that peers did not confirm. */
export class PutError extends DhtError {
  /** The value with its id. It is stored on this node unless the code is ERR_DHT_LIMIT. */
  readonly value: Value

  constructor(code: DhtErrorCode, message: string, value: Value, cause?: Error) {
    super(code, message, cause && { cause })
    this.name = 'PutError'
    this.value = value
  }
}

type Failure = Exclude<Outcome, 'ok'>

const CODES: Record<Failure, DhtErrorCode> = {
  'no-nodes': 'ERR_DHT_NO_NODES',
  failed: 'ERR_DHT_FAILED',
  replaced: 'ERR_DHT_REPLACED',
  limit: 'ERR_DHT_LIMIT',
  closed: 'ERR_DHT_CLOSED',
}

const ADVICE: Record<Failure, string> = {
  'no-nodes': 'no node could be reached. Check the network and the bootstrap hosts',
  failed: 'too few nodes answered. Try again',
  replaced: 'another put of the same value id took over',
  limit: 'a configured limit is reached. End other operations or raise the limit',
  closed: 'the node is closed',
}

const PUT_ADVICE: Partial<Record<Failure, string>> = {
  'no-nodes':
    'no node could be reached. It is stored on this node only: put it again once connected',
  failed: 'too few nodes answered. It is stored on this node: put it again',
  limit: 'a configured limit is reached. Cancel other puts or raise the limit',
}

/** `action` completes "Cannot …". A `cause` tells more than the general advice. */
export function operationError(action: string, outcome: Failure, cause?: Error): DhtError {
  const message = `Cannot ${action}: ${cause?.message ?? ADVICE[outcome]}`
  return new DhtError(CODES[outcome], message, cause && { cause })
}

export function putError(action: string, outcome: Failure, value: Value, cause?: Error): PutError {
  const advice = cause?.message ?? PUT_ADVICE[outcome] ?? ADVICE[outcome]
  return new PutError(CODES[outcome], `Cannot ${action}: ${advice}`, value, cause)
}
