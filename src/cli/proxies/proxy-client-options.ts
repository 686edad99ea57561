// SPDX-License-Identifier: MIT
// What a command line says about the REST proxies to work through.

import { type ProxyOptions, toProxyUrl } from '../../proxy/client/proxy-options.ts'
import { type Given, UsageError } from '../given.ts'

export interface ProxyClientFlags {
  /** In the order of preference; empty for a node with sockets. */
  readonly urls: readonly string[]
  /** Token of the device for push notifications. */
  readonly deviceKey: string | undefined
}

/** What OpenDHT's tool calls itself among the clients of a device. */
const CLIENT_ID = 'dhtnode'
/** Of no use without sockets. */
const SOCKET_FLAGS = [
  'bootstrap',
  'port',
  'bind4',
  'bind6',
  'persist',
  'peer-discovery',
  'demo',
  'proxyserver',
  'proxyserverssl',
] as const

/** Throws UsageError. */
export function toProxyClientFlags(given: Given): ProxyClientFlags {
  const urls = given.all('proxyclient').map(checkedUrl)
  const deviceKey = given.last('devicekey')
  if (deviceKey !== undefined && urls.length === 0) {
    throw new UsageError('Option --devicekey needs --proxyclient URL')
  }
  if (deviceKey === '') throw new UsageError('Option --devicekey needs a key: got none')
  const useless = urls.length === 0 ? undefined : SOCKET_FLAGS.find((name) => given.has(name))
  if (useless === undefined) return { urls, deviceKey }
  throw new UsageError(
    `Options --proxyclient and --${useless} exclude each other: a proxy replaces the own node`,
  )
}

/** For a node without sockets; undefined for one that has some. */
export function toProxyOptions({ urls, deviceKey }: ProxyClientFlags): ProxyOptions | undefined {
  if (urls.length === 0) return undefined
  const push = deviceKey === undefined ? undefined : { token: deviceKey, clientId: CLIENT_ID }
  return { proxies: urls, push }
}

/** Throws UsageError. */
export function checkedUrl(text: string): string {
  try {
    return toProxyUrl(text)
  } catch {
    throw new UsageError(`Invalid URL of a proxy: ${text || '(none)'} (http://HOST:PORT)`)
  }
}
