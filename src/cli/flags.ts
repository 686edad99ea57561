// SPDX-License-Identifier: MIT
// The flags that dhtnode knows: names, whether they take an argument, and how --help puts them.

export interface Flag {
  readonly short?: string
  /** Name of the argument in --help; a flag without one is a switch. */
  readonly argument?: string
  /** Lines in --help; without any, the flag is not listed. */
  readonly help?: readonly string[]
  /** Known from other OpenDHT nodes, but not served yet: refused. */
  readonly later?: true
}

/** In the order of --help. */
export const FLAGS = {
  bootstrap: {
    short: 'b',
    argument: 'HOST[:PORT]',
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
  'bootstrap-mode': { help: ['keep a larger routing table, for entry nodes'] },
  client: { help: ['use the network without serving others'] },
  'public-stable': {
    short: 'P',
    help: ['this address stays the same and is reachable:', 'renew listens less often'],
  },
  'no-rate-limit': { short: 'U', help: ['no limits on requests, searches and storage'] },
  persist: {
    short: 'f',
    argument: 'FILE',
    help: ['keep node id, nodes and values in FILE, and the', 'port in FILE_port.txt'],
  },
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
  service: { short: 's', help: ['no commands: run until SIGINT or SIGTERM'] },
  demo: {
    argument: 'N',
    help: [
      'start a private network of N nodes inside this',
      'process and join it; needs no internet',
    ],
  },
  verbose: { short: 'v', help: ['write a log to standard error'] },
  logfile: { short: 'l', argument: 'FILE', help: ['write the log to FILE instead; implies -v'] },
  'peer-discovery': {
    short: 'D',
    help: ['find nodes of the same network id on the local', 'network, and be found by them, over multicast'],
  },
  help: { short: 'h', help: ['print this text and exit'] },
  version: { help: ['print the version and exit'] },

  syslog: { later: true },
  daemonize: { short: 'd', later: true },
  proxyserver: { argument: 'PORT', later: true },
  proxyserverssl: { argument: 'PORT', later: true },
  'proxy-addr': { argument: 'ADDRESS', later: true },
  'proxy-certificate': { argument: 'FILE', later: true },
  'proxy-privkey': { argument: 'FILE', later: true },
  'proxy-privkey-password': { argument: 'PASSWORD', later: true },
  proxyclient: { argument: 'URL', later: true },
  pushserver: { argument: 'HOST:PORT', later: true },
  devicekey: { argument: 'KEY', later: true },
  bundleid: { argument: 'ID', later: true },
} as const satisfies Record<string, Flag>

export type FlagName = keyof typeof FLAGS

export function flagEntries(): [FlagName, Flag][] {
  return Object.entries(FLAGS) as [FlagName, Flag][]
}

/** `-p`/`--port`, for messages. */
export function flagText(name: FlagName): string {
  const { short } = FLAGS[name] as Flag
  return short === undefined ? `--${name}` : `-${short}/--${name}`
}
