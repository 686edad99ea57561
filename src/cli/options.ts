// SPDX-License-Identifier: MIT
// What a command line says about the node to start, checked: for every tool that starts one. Flags
// that a tool does not know are as good as not given.

import { InfoHash } from '../core/id/info-hash.ts'
import { SocketAddress } from '../core/id/socket-address.ts'
import { type Given, UsageError } from './given.ts'
import { type ProxyClientFlags, toProxyClientFlags } from './proxies/proxy-client-options.ts'
import { type ProxyFlags, toProxyFlags } from './proxies/proxy-options.ts'

/** Where a password comes from: the command line itself, or the first line of a file. */
export type PasswordSource = { readonly text: string } | { readonly file: string }

/** Where the identity of the node comes from. */
export type IdentitySource =
  | { readonly kind: 'new' }
  /** New in these files, unless they are there already. */
  | { readonly kind: 'kept'; readonly prefix: string; readonly password?: PasswordSource }
  | {
      readonly kind: 'files'
      readonly certificate: string
      readonly privateKey: string
      readonly password?: PasswordSource
    }

export interface NodeOptions {
  /** Undefined when not given: then 4222, or the next free one. 0 is any. */
  readonly port: number | undefined
  /** Undefined when not given: then 0, or a random one for --demo. */
  readonly network: number | undefined
  /** `HOST[:PORT]` each, checked. */
  readonly bootstrap: readonly string[]
  readonly bind4: string | undefined
  readonly bind6: string | undefined
  readonly bootstrapMode: boolean
  readonly clientMode: boolean
  readonly publicStable: boolean
  readonly unlimited: boolean
  /** Undefined when not given: then that of the identity or state, or random. */
  readonly nodeId: InfoHash | undefined
  readonly persist: string | undefined
  readonly identity: IdentitySource | undefined
  readonly service: boolean
  /** In the background. */
  readonly daemonize: boolean
  /** Nodes of the private network to start. */
  readonly demo: number | undefined
  readonly verbose: boolean
  readonly logFile: string | undefined
  readonly syslog: boolean
  /** Results as JSON. */
  readonly json: boolean
  readonly peerDiscovery: boolean
  readonly proxy: ProxyFlags
  readonly proxyClient: ProxyClientFlags
}

const MAX_NETWORK = 0xffff_ffff
export const MAX_DEMO_NODES = 512

/** Throws UsageError. */
export function toNodeOptions(given: Given): NodeOptions {
  const last = (name: string): string | undefined => given.last(name)
  const identity = toIdentity(given)
  const options: NodeOptions = {
    port: parse(last('port'), parsePort),
    network: parse(last('net'), parseNetwork),
    bootstrap: given.all('bootstrap').map(checkHost),
    bind4: parse(last('bind4'), (text) => checkAddress(text, 4)),
    bind6: parse(last('bind6'), (text) => checkAddress(text, 6)),
    bootstrapMode: given.has('bootstrap-mode'),
    clientMode: given.has('client'),
    publicStable: given.has('public-stable'),
    unlimited: given.has('no-rate-limit'),
    nodeId: parse(last('node-id'), parseNodeId),
    persist: given.file('persist'),
    identity,
    service: given.has('service'),
    daemonize: given.has('daemonize'),
    demo: given.number('demo', 'number of demo nodes', { min: 1, max: MAX_DEMO_NODES }),
    verbose: given.has('verbose') || given.has('logfile') || given.has('syslog'),
    logFile: given.file('logfile'),
    syslog: given.has('syslog'),
    json: given.has('json'),
    peerDiscovery: given.has('peer-discovery'),
    proxy: toProxyFlags(given, identity !== undefined),
    proxyClient: toProxyClientFlags(given),
  }
  if (options.syslog && options.logFile !== undefined) {
    throw new UsageError('Give one of --syslog and --logfile, not both')
  }
  if (options.daemonize && process.platform === 'win32') {
    throw new UsageError('--daemonize needs a POSIX system: use --service in a window of its own')
  }
  if (options.demo !== undefined && options.bootstrap.length > 0) {
    throw new UsageError('--demo starts a network of its own: it cannot be combined with -b')
  }
  return options
}

/** The same for a tool that comes and goes: any port. Throws UsageError. */
export function toGuestOptions(given: Given): NodeOptions {
  const options = toNodeOptions(given)
  return { ...options, port: options.port ?? 0 }
}

/** What cannot be meant is refused: nobody learns later that a key was saved without password. */
function toIdentity(given: Given): IdentitySource | undefined {
  const certificate = given.file('certificate')
  const privateKey = given.file('privkey')
  const prefix = given.file('save-identity')
  const password = toPassword(given)
  if (certificate === undefined && privateKey !== undefined) {
    throw new UsageError('Option --privkey needs the certificate, too: --certificate FILE')
  }
  if (certificate !== undefined && privateKey === undefined) {
    throw new UsageError('Option --certificate needs its private key, too: --privkey FILE')
  }
  if (prefix !== undefined && certificate !== undefined) {
    throw new UsageError('Option --save-identity is for a new identity, not for --certificate')
  }
  if (prefix !== undefined && !given.has('identity')) {
    throw new UsageError('Option --save-identity needs -i, which makes the identity')
  }
  if (certificate !== undefined && privateKey !== undefined) {
    return { kind: 'files', certificate, privateKey, ...password }
  }
  if (prefix !== undefined) return { kind: 'kept', prefix, ...password }
  if (password !== undefined) {
    throw new UsageError('A password needs a key: --certificate and --privkey, or --save-identity')
  }
  return given.has('identity') ? { kind: 'new' } : undefined
}

function toPassword(given: Given): { readonly password: PasswordSource } | undefined {
  const text = given.last('privkey-password')
  const file = given.file('privkey-password-file')
  if (text === '') throw new UsageError('Option --privkey-password needs a password: got none')
  if (text === undefined) return file === undefined ? undefined : { password: { file } }
  if (file === undefined) return { password: { text } }
  throw new UsageError('Give one of --privkey-password and --privkey-password-file, not both')
}

function parse<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text)
}

function parseNodeId(text: string): InfoHash {
  const id = text.length === 40 ? InfoHash.fromHex(text) : undefined
  if (id !== undefined && !id.isZero) return id
  throw new UsageError(`Invalid node id: ${text} (40 hexadecimal digits, not all 0)`)
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new UsageError(`Invalid port: ${text} (0 to 65535)`)
  return port
}

/** As strtoul reads it: 0x hexadecimal, 0 octal, else decimal. */
function parseNetwork(text: string): number {
  let network = Number.NaN
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) network = Number.parseInt(text.slice(2), 16)
  else if (/^0[0-7]+$/.test(text)) network = Number.parseInt(text, 8)
  else if (/^(0|[1-9]\d*)$/.test(text)) network = Number(text)
  if (!(network <= MAX_NETWORK)) {
    throw new UsageError(`Invalid network id: ${text} (0 to ${MAX_NETWORK}, or 0x hexadecimal)`)
  }
  return network
}

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
export function isHostAndPort(text: string): boolean {
  if (SocketAddress.parse(text, 0)?.family === 6) return true
  const match = /^(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null || text.startsWith('-')) return false
  const [, bracketed, , port] = match
  if (bracketed !== undefined && SocketAddress.parse(bracketed, 0)?.family !== 6) return false
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535)
}

function checkHost(text: string): string {
  if (!isHostAndPort(text)) throw new UsageError(`Invalid bootstrap host: ${text} (HOST[:PORT])`)
  return text
}

function checkAddress(text: string, family: 4 | 6): string {
  if (SocketAddress.parse(text, 0)?.family === family) return text
  throw new UsageError(`Invalid IPv${family} address: ${text}`)
}
