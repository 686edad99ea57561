// SPDX-License-Identifier: MIT
// The flags that start a node, in groups: tools take those that concern them.

import type { FlagTable } from './flags.ts'

/** How to find the network. */
export const JOIN_FLAGS = {
  bootstrap: {
    short: 'b',
    argument: 'HOST[:PORT]',
    isRepeated: true,
    help: ['join the network of this node; port 4222 unless', 'given; may be repeated'],
  },
  port: {
    short: 'p',
    argument: 'PORT',
    help: ['UDP port, 0 for any free one; default 4222, or', 'the next free one'],
  },
  bind4: { argument: 'ADDRESS', help: ['bind IPv4 to this address only'] },
  bind6: {
    argument: 'ADDRESS',
    help: ['bind IPv6 to this address only; with one of the', 'two, the other family is off'],
  },
  net: {
    short: 'n',
    argument: 'ID',
    help: ['network id, decimal, 0x hexadecimal or 0 octal;', 'default 0, the public network'],
  },
} as const satisfies FlagTable

/** The same for tools that come and go. */
export const GUEST_FLAGS = {
  ...JOIN_FLAGS,
  port: { short: 'p', argument: 'PORT', help: ['UDP port; default any free one'] },
} as const satisfies FlagTable

/** What kind of node to be. */
export const ROLE_FLAGS = {
  'bootstrap-mode': { help: ['keep a larger routing table, for entry nodes'] },
  client: { help: ['use the network without serving others'] },
  'public-stable': {
    short: 'P',
    help: ['this address stays the same and is reachable:', 'renew listens less often'],
  },
  'no-rate-limit': { short: 'U', help: ['no limits on requests, searches and storage'] },
  'node-id': {
    argument: 'ID',
    help: [
      '40 hexadecimal digits; default random, or that',
      'of the identity: nodes that share one need an',
      'id each',
    ],
  },
  persist: {
    short: 'f',
    argument: 'FILE',
    help: ['keep node id, nodes and values in FILE, and the', 'port in FILE_port.txt'],
  },
  'peer-discovery': {
    short: 'D',
    help: [
      'find nodes of the same network id on the local',
      'network, and be found by them, over multicast',
    ],
  },
} as const satisfies FlagTable

export const IDENTITY_FLAGS = {
  identity: {
    short: 'i',
    help: [
      'sign and encrypt with an identity of its own:',
      'certificate and RSA key, new every time',
    ],
  },
  'save-identity': {
    argument: 'PREFIX',
    help: [
      'with -i: keep it in PREFIX.pem and PREFIX.crt,',
      'its authority in PREFIX_ca.pem and PREFIX_ca.crt;',
      'if the first two exist, take the identity there',
    ],
  },
  certificate: {
    argument: 'FILE',
    help: ['certificate of the identity, PEM or DER; needs', '--privkey'],
  },
  privkey: { argument: 'FILE', help: ['its private key, PEM or DER; needs --certificate'] },
  'privkey-password': {
    argument: 'PASSWORD',
    help: [
      'of the key that is read or saved; others on this',
      'computer may see it in the list of processes',
    ],
  },
  'privkey-password-file': {
    argument: 'FILE',
    help: ['read that password from the first line of FILE'],
  },
} as const satisfies FlagTable

export const LOG_FLAGS = {
  verbose: { short: 'v', help: ['write a log to standard error'] },
  logfile: { short: 'l', argument: 'FILE', help: ['write the log to FILE instead; implies -v'] },
  syslog: { help: ['write the log to the system log; implies -v'] },
} as const satisfies FlagTable

export const JSON_FLAG = {
  json: { help: ['print results as JSON, one object per line'] },
} as const satisfies FlagTable

export const INFO_FLAGS = {
  help: { short: 'h', help: ['print this text and exit'] },
  version: { help: ['print the version and exit'] },
} as const satisfies FlagTable

/** REST proxies over the node. */
export const PROXY_SERVER_FLAGS = {
  proxyserver: {
    argument: 'PORT',
    help: ['serve the REST proxy on this TCP port, 0 for any'],
  },
  proxyserverssl: {
    argument: 'PORT',
    help: ['the same with TLS; has the certificate below, or', 'that of the node'],
  },
  'proxy-addr': { argument: 'ADDRESS', help: ['bind proxies to this address only'] },
  'proxy-certificate': {
    argument: 'FILE',
    help: ['certificate of the HTTPS proxy, with its chain,', 'PEM or DER; needs --proxy-privkey'],
  },
  'proxy-privkey': { argument: 'FILE', help: ['its private key, PEM or DER'] },
  'proxy-privkey-password': { argument: 'PASSWORD', help: ['of that key'] },
  pushserver: {
    argument: 'HOST:PORT',
    help: ['gorush gateway, which sends push notifications', 'of proxies to phones'],
  },
  bundleid: {
    argument: 'ID',
    help: ['topic of subscriptions that give none'],
  },
  'dashboard-token': {
    argument: 'FILE',
    help: [
      'file with a token: whoever has it may look into',
      'the node from other hosts, and act on it',
    ],
  },
} as const satisfies FlagTable

/** A proxy in place of a node. */
export const PROXY_CLIENT_FLAGS = {
  proxyclient: {
    argument: 'URL',
    isRepeated: true,
    help: [
      'work through this REST proxy, without UDP; may be',
      'repeated: another one takes over when one fails',
    ],
  },
  devicekey: {
    argument: 'KEY',
    help: ['with --proxyclient: listen through notifications', 'for this device'],
  },
} as const satisfies FlagTable
