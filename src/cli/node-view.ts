// SPDX-License-Identifier: MIT
// What the commands need of a node. Tests have a small fake.

import type { Inspector } from '../api/inspector.ts'
import type { DhtRunner } from '../nodejs/dht-runner.ts'

type RunnerParts =
  | 'id'
  | 'publicKey'
  | 'port4'
  | 'port6'
  | 'get'
  | 'query'
  | 'listen'
  | 'put'
  | 'putSigned'
  | 'putEncrypted'
  | 'cancelPut'
  | 'stats'
  | 'readiness'
  | 'publicAddresses'
  | 'bootstrap'
  | 'connectivityChanged'
  | 'enableProxy'
  | 'pushNotificationReceived'

export interface NodeView extends Pick<DhtRunner, RunnerParts> {
  readonly inspector: Pick<Inspector, keyof Inspector>
}

/** Bytes of values that the node stores; -1 for no limit. */
export interface StorageLimits {
  readonly remoteBytes: number
  readonly localBytes: number
}
