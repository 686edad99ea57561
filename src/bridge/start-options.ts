// SPDX-License-Identifier: MIT
// What Python's DhtConfig and DhtRunner.run say, as options of a node.

import { InfoHash } from '../core/id/info-hash.ts'
import type { Log } from '../core/ports.ts'
import { Certificate } from '../crypto/certificate.ts'
import { Identity } from '../crypto/identity.ts'
import type { MsgpackValue } from '../discovery/msgpack-value.ts'
import { createProxyFetch } from '../nodejs/proxy-fetch.ts'
import type { RunnerOptions } from '../nodejs/runner-options.ts'
import type { PushOptions } from '../proxy/client/push.ts'
import { asBoolean, asBytes, asFields, asList, asNumber, asText, isGiven } from './read.ts'

/** Fields that are absent or nil have the defaults of RunnerOptions. */
export async function toRunnerOptions(item: MsgpackValue, log: Log): Promise<RunnerOptions> {
  const fields = asFields(item)
  const read = <T>(name: string, as: (item: MsgpackValue | undefined) => T): T | undefined =>
    isGiven(fields[name]) ? as(fields[name]) : undefined
  return {
    port: read('port', asNumber),
    bind4: read('bind4', toBind),
    bind6: read('bind6', toBind),
    bootstrap: read('bootstrap', asList)?.map(asText),
    id: read('id', (bytes) => InfoHash.fromBytes(asBytes(bytes))),
    network: read('network', asNumber),
    bootstrapMode: read('bootstrapMode', asBoolean),
    maintainStorage: read('maintainStorage', asBoolean),
    maxRequestsPerSecond: read('maxRequests', asNumber),
    maxPeerRequestsPerSecond: read('maxPeerRequests', asNumber),
    identity: await read('identity', toIdentity),
    peerDiscovery: read('discovery', toDiscovery),
    proxy: await read('proxy', toProxy),
    log,
  }
}

/** [private key or nil, certificate chain]. */
export function toIdentity(item: MsgpackValue | undefined): Promise<Identity> {
  const [key, certificate] = asList(item)
  const privateKey = isGiven(key) ? asBytes(key) : undefined
  return Identity.from({ privateKey, certificate: asBytes(certificate) })
}

/** [listen, announce]. */
function toDiscovery(item: MsgpackValue | undefined): RunnerOptions['peerDiscovery'] {
  const [listen, announce] = asList(item)
  if (!asBoolean(listen) && !asBoolean(announce)) return false
  return { discover: asBoolean(listen), publish: asBoolean(announce) }
}

/** What `DhtConfig.setProxyInfo` says, by its names. */
async function toProxy(item: MsgpackValue | undefined): Promise<RunnerOptions['proxy']> {
  const fields = asFields(item)
  const text = (name: string): string | undefined => asText(fields[name]) || undefined
  const token = text('push_token')
  // Names that there are not are refused by the client of proxies.
  const platform = text('push_platform') as PushOptions['platform']
  const clientId = text('push_node_id')
  const push = token && { token, clientId, topic: text('push_topic'), platform }
  const authority = isGiven(fields['server_ca']) ? asBytes(fields['server_ca']) : undefined
  const authorities = authority && [Certificate.from(authority)]
  const userAgent = text('user_agent')
  return {
    proxies: asText(fields['proxy_server']),
    push: push || undefined,
    fetch:
      authorities || userAgent ? await createProxyFetch({ authorities, userAgent }) : undefined,
  }
}

/** False does without the family. */
function toBind(item: MsgpackValue | undefined): string | false {
  return item === false ? false : asText(item)
}
