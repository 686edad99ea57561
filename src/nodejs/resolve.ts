// SPDX-License-Identifier: MIT
// Bootstrap hosts: from the text that users write to the socket addresses behind it.

import { DEFAULT_PORT } from '../core/constants.ts'
import { DhtError } from '../core/errors.ts'
import { SocketAddress } from '../core/id/socket-address.ts'

export interface HostPort {
  /** Name or address literal, without brackets. */
  readonly host: string
  /** 1 … 65535. */
  readonly port: number
}

/** All addresses of a name as literals, IPv4 and IPv6. Rejects when there are none. */
export type Resolver = (host: string) => Promise<readonly string[]>

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`. Several colons without brackets are an IPv6
 * address and no port. Without a port, or with port 0, it is 4222. Throws TypeError or RangeError.
 */
export function parseHostPort(text: string): HostPort {
  if (typeof text !== 'string') throw new TypeError(`host must be a string: got ${typeof text}`)
  const match = /^\[(?<v6>[^\]]*)\](?::(?<port>.*))?$/s.exec(text.trim())
  if (match?.groups !== undefined) return hostPort(text, match.groups.v6, match.groups.port)
  const [host, port, ...more] = text.trim().split(':')
  return more.length > 0 ? hostPort(text, text.trim()) : hostPort(text, host, port)
}

function hostPort(text: string, host = '', port = ''): HostPort {
  if (host === '' || /[\s[\]/]/.test(host)) {
    throw new RangeError(`host must be a name or an address, with or without a port: got "${text}"`)
  }
  if (port === '') return { host, port: DEFAULT_PORT }
  const number = Number(port)
  if (!/^\d+$/.test(port) || number > 0xffff) {
    throw new RangeError(`port must be a whole number of 0 to 65535: got "${text}"`)
  }
  return { host, port: number === 0 ? DEFAULT_PORT : number }
}

/** Asks the system (hosts file, DNS). */
export const systemResolver: Resolver = async (host) => {
  const { lookup } = await import('node:dns/promises')
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/**
 * All addresses behind `target`, each once. Rejects with ERR_DHT_RESOLVE naming the host when
 * there are none.
 */
export async function resolveHost(
  { host, port }: HostPort,
  resolver: Resolver = systemResolver,
): Promise<SocketAddress[]> {
  const literal = SocketAddress.parse(host, port)
  if (literal !== undefined) return [literal]
  const addresses: SocketAddress[] = []
  for (const text of await ask(host, resolver)) {
    const address = SocketAddress.parse(text, port)
    if (address !== undefined && !addresses.some((known) => known.equals(address))) {
      addresses.push(address)
    }
  }
  if (addresses.length === 0) throw resolveError(host, 'it has no addresses')
  return addresses
}

async function ask(host: string, resolver: Resolver): Promise<readonly string[]> {
  try {
    return await resolver(host)
  } catch (error) {
    throw resolveError(host, describe(error), error)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return (error as NodeJS.ErrnoException).code ?? error.message
}

function resolveError(host: string, reason: string, cause?: unknown): DhtError {
  const options = cause === undefined ? {} : { cause }
  return new DhtError('ERR_DHT_RESOLVE', `Cannot resolve host "${host}": ${reason}`, options)
}
