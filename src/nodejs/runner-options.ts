// SPDX-License-Identifier: MIT
// What can be set when a node is started.

import { describeType } from '../api/key.ts'
import type { DhtConfig } from '../core/config.ts'
import { DEFAULT_PORT } from '../core/constants.ts'
import type { Log } from '../core/ports.ts'
import { Identity } from '../crypto/identity.ts'
import { checkProxyOptions, type ProxyOptions } from '../proxy/client/proxy-options.ts'
import type { SecureOptions } from '../secure/secure-dht.ts'
import { checkDhtDiscovery, type DhtDiscoveryOptions } from './discovery/discovery-options.ts'
import type { Resolver } from './resolve.ts'
import { type BindPlan, planSockets } from './sockets.ts'
import type { OpenTransport } from './transport.ts'
import {
  checkTransportOptions,
  type TransportName,
  type TransportOptions,
} from './transport-choice.ts'

const DEFAULT_STATE_INTERVAL_MS = 5 * 60_000
const MAX_INTERVAL_MS = 2 ** 31 - 1

export interface RunnerOptions extends Omit<DhtConfig, 'families'>, SecureOptions {
  /**
   * UDP port of both families, default 4222. With 0 the system chooses: one port for both where
   * possible, and the one of the last time if there is a state file.
   */
  port?: number | undefined
  /**
   * Addresses to bind, as literals; false does without the family. By default any address of both
   * families, or of the one that this host has.
   */
  bind4?: string | false | undefined
  bind6?: string | false | undefined
  /** Hosts to join the network through: `host`, `host:port`, `[v6]:port`; port 4222 by default. */
  bootstrap?: readonly string[] | undefined
  /**
   * Find nodes of the same network id on the local network, and be found by them, over multicast.
   * Default false.
   */
  peerDiscovery?: boolean | DhtDiscoveryOptions | undefined
  /**
   * Work through REST proxies, without any socket: what concerns sockets, the state file and other
   * nodes is of no use then. For a node with sockets, see `enableProxy`.
   */
  proxy?: ProxyOptions | undefined
  /**
   * File that keeps id, known nodes and stored values from one start to the next. The id in it
   * goes before `id`. The ports are in a file of the same name with `_port.txt` behind it. One
   * node each.
   */
  statePath?: string | undefined
  /**
   * How often it is written, in milliseconds; default five minutes. It is always written at close.
   */
  stateIntervalMs?: number | undefined
  /** Receives log lines; default none. */
  log?: Log | undefined
  /** Resolves the names of bootstrap hosts; default the system's resolver. */
  resolver?: Resolver | undefined
  /**
   * How datagrams are sent and received: `mmsg`, many with one system call, on Linux only; `dgram`,
   * one by one, anywhere; default `auto`, the first one where it works. In worker threads that is
   * `dgram`; whoever asks for `mmsg` there closes the node before the thread is terminated, else
   * the process may abort.
   */
  transport?: TransportName | undefined
  /**
   * How long, in milliseconds, `mmsg` may let datagrams gather before it reads them, where so many
   * come on their own that this saves work: 0 to 10, default 0.
   */
  receiveCoalescingMs?: number | undefined
  /** Opens the sockets, in place of `transport`. */
  openTransport?: OpenTransport | undefined
}

export interface CheckedOptions {
  readonly plan: BindPlan
  readonly stateIntervalMs: number
  readonly transport: TransportOptions
  readonly peerDiscovery: DhtDiscoveryOptions | undefined
}

/** Throws TypeError or RangeError naming the wrong option. */
export function checkOptions(options: RunnerOptions): CheckedOptions {
  const { port = DEFAULT_PORT, bind4, bind6 } = options
  const { statePath, stateIntervalMs = DEFAULT_STATE_INTERVAL_MS, bootstrap } = options
  if (statePath !== undefined && (typeof statePath !== 'string' || statePath === '')) {
    throw new TypeError('statePath must be the path of a file')
  }
  if (!(stateIntervalMs >= 1 && stateIntervalMs <= MAX_INTERVAL_MS)) {
    throw new RangeError(`stateIntervalMs must be 1 to ${MAX_INTERVAL_MS}: got ${stateIntervalMs}`)
  }
  if (bootstrap !== undefined && !Array.isArray(bootstrap)) {
    throw new TypeError(`bootstrap must be an array of hosts: got ${typeof bootstrap}`)
  }
  checkSecureOptions(options)
  checkProxy(options)
  const plan = planSockets({ port, bind4, bind6 })
  const peerDiscovery = checkDhtDiscovery(options.peerDiscovery)
  return { plan, stateIntervalMs, transport: checkTransportOptions(options), peerDiscovery }
}

function checkProxy({ proxy, statePath, peerDiscovery, bootstrap = [] }: RunnerOptions): void {
  if (proxy === undefined) return
  checkProxyOptions(proxy)
  const useless = { statePath, peerDiscovery, bootstrap: bootstrap[0] }
  for (const [name, value] of Object.entries(useless)) {
    if (value === undefined || value === false) continue
    throw new TypeError(`${name} must not be given with proxy: such a node has no sockets`)
  }
}

function checkSecureOptions({ identity, certificateStore }: SecureOptions): void {
  if (identity !== undefined && !(identity instanceof Identity)) {
    const got = describeType(identity)
    const hint = got === 'Promise' ? '. Is an `await` missing?' : ''
    throw new TypeError(`identity must be an Identity: got ${got}${hint}`)
  }
  if (certificateStore !== undefined && typeof certificateStore !== 'function') {
    throw new TypeError(`certificateStore must be a function: got ${typeof certificateStore}`)
  }
  identity?.check(new Date())
}
