// SPDX-License-Identifier: MIT
// What a command line says about the REST proxies to serve.

import { readFileSync } from 'node:fs'
import { SocketAddress } from '../../core/id/socket-address.ts'
import { type Given, UsageError } from '../given.ts'
import type { IdentitySource, PasswordSource } from '../options.ts'
import { type PushFlags, toPushFlags, toRedisUrl } from './push-options.ts'

/** Certificate and key of an HTTPS proxy, as files. */
export type ProxyIdentityFiles = Extract<IdentitySource, { kind: 'files' }>

export interface ProxyFlags {
  /** TCP ports, 0 for any; undefined for none. */
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
  readonly address: string | undefined
  /** Without it, HTTPS has the identity of the node. */
  readonly identity: ProxyIdentityFiles | undefined
  readonly push: PushFlags
  /** Where proxies keep what they share; undefined: beside the state of the node. */
  readonly redis: string | undefined
  /** Of the dashboard. */
  readonly token: string | undefined
}

/** Throws UsageError. `hasIdentity`: the node has one. */
export function toProxyFlags(given: Given, hasIdentity: boolean): ProxyFlags {
  const range = { min: 0, max: 65_535 }
  const flags: ProxyFlags = {
    httpPort: given.number('proxyserver', 'port of the proxy', range),
    httpsPort: given.number('proxyserverssl', 'port of the HTTPS proxy', range),
    address: checkedAddress(given.last('proxy-addr')),
    identity: toFiles(given),
    push: toPushFlags(given),
    redis: toRedisUrl(given),
    token: readToken(given.file('dashboard-token')),
  }
  if (flags.httpsPort !== undefined && flags.identity === undefined && !hasIdentity) {
    throw new UsageError(
      'Option --proxyserverssl needs --proxy-certificate FILE and --proxy-privkey FILE, or -i',
    )
  }
  return flags
}

/** Whether a proxy is to be served from the start. */
export function hasProxies({ httpPort, httpsPort }: ProxyFlags): boolean {
  return httpPort !== undefined || httpsPort !== undefined
}

function toFiles(given: Given): ProxyIdentityFiles | undefined {
  const certificate = given.file('proxy-certificate')
  const privateKey = given.file('proxy-privkey')
  if (certificate === undefined && privateKey === undefined) {
    if (!given.has('proxy-privkey-password')) return undefined
    throw new UsageError('Option --proxy-privkey-password needs --proxy-privkey FILE')
  }
  if (certificate === undefined) {
    throw new UsageError('Option --proxy-privkey needs --proxy-certificate FILE, too')
  }
  if (privateKey === undefined) {
    throw new UsageError('Option --proxy-certificate needs --proxy-privkey FILE, too')
  }
  return { kind: 'files', certificate, privateKey, ...passwordOf(given) }
}

function passwordOf(given: Given): { readonly password?: PasswordSource } {
  const text = given.last('proxy-privkey-password')
  if (text === undefined) return {}
  if (text !== '') return { password: { text } }
  throw new UsageError('Option --proxy-privkey-password needs a password: got none')
}

function checkedAddress(text: string | undefined): string | undefined {
  if (text === undefined || SocketAddress.parse(text, 0) !== undefined) return text
  throw new UsageError(`Invalid address of the proxy: ${text}`)
}

function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`Cannot read the dashboard token: ${(error as Error).message}`)
  }
  if (/^[!-~]{16,}$/.test(token)) return token
  throw new UsageError(`Invalid dashboard token in ${file}: 16 or more characters, no blanks`)
}
