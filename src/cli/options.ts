// SPDX-License-Identifier: MIT
// Reads the command line of dhtnode the way getopt does (`-vp 4222`, `-p4222`, `--port=4222`), but
// stops at the first mistake with one clear line instead of going on without the flag.

import { parseArgs } from 'node:util'
import { SocketAddress } from '../core/id/socket-address.ts'
import { FLAGS, type Flag, type FlagName, flagEntries, flagText } from './flags.ts'

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
  readonly persist: string | undefined
  readonly identity: IdentitySource | undefined
  readonly service: boolean
  /** Nodes of the private network to start. */
  readonly demo: number | undefined
  readonly verbose: boolean
  readonly logFile: string | undefined
  readonly peerDiscovery: boolean
}

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly options: NodeOptions }

/** What the user typed cannot be meant; the text is one line for standard error. */
export class UsageError extends Error {}

const MAX_NETWORK = 0xffff_ffff
export const MAX_DEMO_NODES = 512

/** Throws UsageError. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const given = collect(args)
  if (given.has('help')) return { kind: 'help' }
  if (given.has('version')) return { kind: 'version' }
  const later = [...given.keys()].filter((name) => (FLAGS[name] as Flag).later)
  if (later.length > 0) {
    throw new UsageError(`Not available yet in this version: ${later.map(flagText).join(', ')}`)
  }
  return { kind: 'run', options: toOptions(given) }
}

type Given = ReadonlyMap<FlagName, readonly string[]>

function toOptions(given: Given): NodeOptions {
  const last = (name: FlagName): string | undefined => lastOf(given, name)
  const file = (name: FlagName): string | undefined => fileOf(given, name)
  const options: NodeOptions = {
    port: parse(last('port'), parsePort),
    network: parse(last('net'), parseNetwork),
    bootstrap: (given.get('bootstrap') ?? []).map(checkHost),
    bind4: parse(last('bind4'), (text) => checkAddress(text, 4)),
    bind6: parse(last('bind6'), (text) => checkAddress(text, 6)),
    bootstrapMode: given.has('bootstrap-mode'),
    clientMode: given.has('client'),
    publicStable: given.has('public-stable'),
    unlimited: given.has('no-rate-limit'),
    persist: file('persist'),
    identity: toIdentity(given),
    service: given.has('service'),
    demo: parse(last('demo'), parseDemo),
    verbose: given.has('verbose') || given.has('logfile'),
    logFile: file('logfile'),
    peerDiscovery: given.has('peer-discovery'),
  }
  if (options.demo !== undefined && options.bootstrap.length > 0) {
    throw new UsageError('--demo starts a network of its own: it cannot be combined with -b')
  }
  return options
}

/** What cannot be meant is refused: nobody learns later that a key was saved without password. */
function toIdentity(given: Given): IdentitySource | undefined {
  const certificate = fileOf(given, 'certificate')
  const privateKey = fileOf(given, 'privkey')
  const prefix = fileOf(given, 'save-identity')
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
  const text = lastOf(given, 'privkey-password')
  const file = fileOf(given, 'privkey-password-file')
  if (text === '') throw new UsageError('Option --privkey-password needs a password: got none')
  if (text === undefined) return file === undefined ? undefined : { password: { file } }
  if (file === undefined) return { password: { text } }
  throw new UsageError('Give one of --privkey-password and --privkey-password-file, not both')
}

/** All occurrences of each flag with their arguments; '' for switches. */
function collect(args: readonly string[]): Given {
  const { tokens } = parseArgs({
    args: [...args],
    options: PARSE_OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = new Map<FlagName, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`Unexpected argument: ${token.value}`)
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(FLAGS, token.name)) throw new UsageError(`Unknown option: ${token.rawName}`)
    const name = token.name as FlagName
    const takesArgument = (FLAGS[name] as Flag).argument !== undefined
    if (takesArgument && token.value === undefined) {
      throw new UsageError(`Option ${token.rawName} needs an argument: ${flagUsage(name)}`)
    }
    if (!takesArgument && token.value !== undefined) {
      throw new UsageError(`Option ${token.rawName} takes no argument: got ${token.value}`)
    }
    // `-b=host` is what some scripts say; getopt hands over the equals sign.
    const value = (token.value ?? '').replace(/^=/, '')
    given.set(name, [...(given.get(name) ?? []), value])
  }
  return given
}

const PARSE_OPTIONS = Object.fromEntries(
  flagEntries().map(([name, { short, argument }]) => [
    name,
    { type: argument === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
  ]),
)

function flagUsage(name: FlagName): string {
  return `--${name} ${(FLAGS[name] as Flag).argument}`
}

function lastOf(given: Given, name: FlagName): string | undefined {
  return given.get(name)?.at(-1)
}

function fileOf(given: Given, name: FlagName): string | undefined {
  const file = lastOf(given, name)
  if (file === '') throw new UsageError(`Option --${name} needs a file name`)
  return file
}

function parse<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text)
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

function parseDemo(text: string): number {
  const nodes = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(nodes >= 1 && nodes <= MAX_DEMO_NODES)) {
    throw new UsageError(`Invalid number of demo nodes: ${text} (1 to ${MAX_DEMO_NODES})`)
  }
  return nodes
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
