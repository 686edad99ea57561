// SPDX-License-Identifier: MIT
// What can be set for peer discovery, and its checks. Kept apart from the rest, which is loaded
// when it is first needed.

import { describeType } from '../../api/key.ts'
import { type Family, SocketAddress } from '../../core/id/socket-address.ts'
import type { Log } from '../../core/ports.ts'
import { utf8 } from '../../core/util/bytes.ts'
import { MAX_NAME_BYTES } from '../../discovery/packets.ts'

/** Of OpenDHT. */
export const DEFAULT_DISCOVERY_PORT = 8888

/** Where services of the local network are published and found. */
export interface PeerDiscoveryOptions {
  /** UDP port of the group, the same for all who want to find each other. Default 8888. */
  port?: number | undefined
  /**
   * Keep to the interface with this address; false does without the family. By default all
   * interfaces are used, those of loopback only when there are no others.
   */
  bind4?: string | false | undefined
  bind6?: string | false | undefined
  /** Receives log lines; default none. */
  log?: Log | undefined
}

/** How a node finds others on the local network. */
export interface DhtDiscoveryOptions {
  /** Find others. Default true. */
  discover?: boolean | undefined
  /** Be found. Default true, except in client mode, where others have no use for this node. */
  publish?: boolean | undefined
  /** UDP port of the group. Default 8888. */
  port?: number | undefined
}

/** Throws TypeError or RangeError naming the wrong option. Families with the address to keep to. */
export function checkDiscoveryOptions(
  options: PeerDiscoveryOptions,
): ReadonlyMap<Family, string | undefined> {
  checkDiscoveryPort('port', options.port)
  const bound = new Map<Family, string | undefined>()
  for (const [family, name] of [[4, 'bind4'] as const, [6, 'bind6'] as const]) {
    const host = options[name]
    if (host === false) continue
    const address = host === undefined ? undefined : SocketAddress.parse(host, 0)
    if (host !== undefined && address?.family !== family) {
      throw new RangeError(`${name} must be an IPv${family} address or false: got "${host}"`)
    }
    bound.set(family, address?.isUnspecified === true ? undefined : address?.host)
  }
  if (bound.size === 0) throw new RangeError('bind4 and bind6 must not both be false')
  return bound
}

/** Throws TypeError or RangeError naming what is wrong. Undefined when there is nothing to do. */
export function checkDhtDiscovery(
  option: boolean | DhtDiscoveryOptions | undefined,
): DhtDiscoveryOptions | undefined {
  if (option === undefined || typeof option === 'boolean') return option === true ? {} : undefined
  if (typeof option !== 'object' || option === null) {
    throw new TypeError(`peerDiscovery must be a boolean or an object: got ${describeType(option)}`)
  }
  for (const name of ['discover', 'publish'] as const) {
    const value = option[name]
    if (value === undefined || typeof value === 'boolean') continue
    throw new TypeError(`peerDiscovery.${name} must be a boolean: got ${typeof value}`)
  }
  checkDiscoveryPort('peerDiscovery.port', option.port)
  return option
}

/** Undefined stands for the default. */
export function checkDiscoveryPort(name: string, port: number | undefined): void {
  if (port === undefined || (Number.isInteger(port) && port >= 1 && port <= 0xffff)) return
  throw new RangeError(`${name} must be a whole number of 1 to 65535: got ${port}`)
}

export function checkServiceName(service: string): void {
  if (typeof service !== 'string') {
    throw new TypeError(`service must be a string: got ${describeType(service)}`)
  }
  const { length } = utf8(service)
  if (length >= 1 && length <= MAX_NAME_BYTES) return
  throw new RangeError(`service must be 1 to ${MAX_NAME_BYTES} bytes long: got ${length}`)
}
