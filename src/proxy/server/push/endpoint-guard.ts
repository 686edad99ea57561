// SPDX-License-Identifier: MIT
// Which push endpoints we send to. Their URLs come from strangers, who must not get us to talk to
// hosts that only we can reach: addresses are looked at after the name is resolved, and the very
// address that was looked at is connected to.

import { type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

export const MAX_ENDPOINT_LENGTH = 2048

/** Not on the Internet: RFC 6890 and its successors, multicast, and embedded IPv4 addresses. */
const LOCAL_RANGES = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24',
  '192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24',
  '224.0.0.0/4 240.0.0.0/4',
  '::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16',
  '3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
].flatMap((line) => line.split(' '))

const local = new BlockList()
for (const range of LOCAL_RANGES) {
  const [address = '', bits = ''] = range.split('/')
  local.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
}

export class EndpointGuard {
  readonly #allowLocal: boolean
  /** For connections: refuses names that stand for local addresses. */
  readonly lookup: LookupFunction

  /** `allowLocal` also allows endpoints without TLS. */
  constructor(allowLocal: boolean, resolve: typeof lookup = lookup) {
    this.#allowLocal = allowLocal
    this.lookup = (host, options, callback) => {
      const all: LookupOptions & { all: true } = { ...options, all: true }
      resolve(host, all, (error, addresses) => {
        if (error !== null) return callback(error, '', 0)
        const usable = addresses.filter(({ address }) => this.allowsAddress(address))
        const [first] = usable
        if (first === undefined) return callback(refusal(host), '', 0)
        if (options.all === true) callback(null, usable)
        else callback(null, first.address, first.family)
      })
    }
  }

  /** What is wrong with an endpoint; undefined when nothing is that can be seen without DNS. */
  complaint(text: string): string | undefined {
    if (text.length > MAX_ENDPOINT_LENGTH) return `at most ${MAX_ENDPOINT_LENGTH} characters`
    if (!URL.canParse(text)) return 'a URL'
    const { protocol, hostname, username, password } = new URL(text)
    const isSecure = protocol === 'https:'
    if (!isSecure && !(this.#allowLocal && protocol === 'http:')) return 'a URL with https:'
    if (username !== '' || password !== '') return 'a URL without a user name'
    const address = bareAddress(hostname)
    if (address !== undefined && !this.allowsAddress(address)) return 'a URL of a public host'
    return undefined
  }

  allowsAddress(address: string): boolean {
    return this.#allowLocal || !isLocalAddress(address)
  }
}

/** Whether an address, without brackets, is not of the public Internet. */
export function isLocalAddress(address: string): boolean {
  const version = isIP(address)
  // IPv4 addresses in IPv6 clothes (::ffff:a.b.c.d) are compared with the IPv4 ranges, too.
  return version === 0 || local.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

/** The address that a host name of a URL is; undefined for a name that is resolved first. */
export function bareAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? undefined : bare
}

function refusal(host: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${host} is not a host of the public Internet`)
  error.code = 'ERR_ENDPOINT_REFUSED'
  return error
}
