// SPDX-License-Identifier: MIT
// Public face of `opendht/proxy/client`: the DHT through REST proxies, for browsers too.

export type {
  DhtInterface,
  DhtStatus,
  GetOptions,
  ListenOptions,
  OperationOptions,
  PutOptions,
  PutResult,
} from '../../api/dht-interface.ts'
export { PutError } from '../../api/errors.ts'
export type { Key } from '../../api/key.ts'
export type { WhereFields, WhereInput } from '../../api/query-input.ts'
export type { ValueInput } from '../../api/value-input.ts'
export type { ValueEvent } from '../../api/value-queue.ts'
export { DhtError, type DhtErrorCode } from '../../core/errors.ts'
export { InfoHash } from '../../core/id/info-hash.ts'
export { Value, type ValueId, type ValueInit } from '../../core/value/value.ts'
export type { ProxyCounters } from './counters.ts'
export type { ProxyFetch, ProxyRequest, ProxyResponse } from './ports.ts'
export { ProxyClient } from './proxy-client.ts'
export { ProxyError } from './proxy-error.ts'
export type { ProxyOptions } from './proxy-options.ts'
export type { PushData, PushOptions, PushOutcome } from './push.ts'
