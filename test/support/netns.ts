// SPDX-License-Identifier: MIT
// Small virtual networks out of Linux network namespaces, through `ip` of iproute2; needs root.
// Each host has one interface per network it is in, with an IPv4 and an IPv6 address, and no way
// out. Programs run inside by being started with the host's `prefix`.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process'

const NAMESPACE = /^opendht-(\d+)-/
let unavailable: string | false | undefined

/** False when namespaces can be made here, else the reason to skip. */
export function netnsAvailable(): string | false {
  unavailable ??= findObstacle()
  return unavailable
}

function findObstacle(): string | false {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  if (spawnSync('ip', ['-Version']).status !== 0) return 'iproute2 is not installed'
  try {
    using network = new VirtualNetwork()
    network.connect(network.addHost(), network.addHost())
    return false
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message}`
  }
}

/** Runs `ip`, in the namespace if one is named. */
function ip(namespace: string | undefined, ...args: string[]): void {
  const all = namespace === undefined ? args : ['-n', namespace, ...args]
  const result = spawnSync('ip', all, { encoding: 'utf8' })
  if (result.status !== 0) {
    throw new Error(`ip ${all.join(' ')}: ${result.stderr || result.error?.message}`)
  }
}

/** The interface of a host in one network. */
export interface Attachment {
  readonly interface: string
  /** Empty when the network is without the family. */
  readonly ipv4: string
  readonly ipv6: string
  /** The other end of the cable. */
  readonly peer: { readonly namespace: string; readonly interface: string }
}

export interface NetworkOptions {
  readonly families?: 'both' | 'ipv4' | 'ipv6'
}

/** A namespace that plays a computer. */
export class VirtualHost {
  readonly namespace: string
  /** What to put before a command to run it here. */
  readonly prefix: readonly string[]
  readonly attachments: Attachment[] = []

  constructor(namespace: string) {
    this.namespace = namespace
    this.prefix = ['ip', 'netns', 'exec', namespace]
  }

  /** Its address in the first network it was attached to. */
  get ipv4(): string {
    return this.attachments[0]?.ipv4 ?? ''
  }

  get ipv6(): string {
    return this.attachments[0]?.ipv6 ?? ''
  }

  /** Runs a command to its end. */
  run(command: readonly string[]): SpawnSyncReturns<string> {
    const [file, ...args] = [...this.prefix, ...command]
    return spawnSync(file!, args, { encoding: 'utf8' })
  }

  /** Takes its addresses of a family away or gives them back: sending then fails at once. */
  setFamily(family: 'ipv4' | 'ipv6', up: boolean): void {
    for (const attachment of this.attachments) {
      const name = attachment.interface
      const address = attachment[family]
      if (!address) continue
      if (up) addAddress(this.namespace, name, address)
      else ip(this.namespace, 'address', 'del', withLength(address), 'dev', name)
    }
  }

  /** For good, and as thoroughly as on a host without it: not even loopback has an address. */
  disableIPv6(): void {
    this.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'])
  }

  /** Whether its packets of a family to `other` leave; without, they are lost silently. */
  setRoute(other: VirtualHost, family: 'ipv4' | 'ipv6', up: boolean): void {
    const flag = family === 'ipv4' ? '-4' : '-6'
    const route = [`${other[family]}/${family === 'ipv4' ? 32 : 128}`]
    ip(this.namespace, flag, 'route', up ? 'del' : 'add', 'blackhole', ...route)
  }

  /** Pulls or plugs its cables: what is sent then is lost silently. */
  setCables(plugged: boolean): void {
    for (const { peer } of this.attachments) {
      ip(peer.namespace, 'link', 'set', peer.interface, plugged ? 'up' : 'down')
    }
  }
}

/** Hosts on one switch, which can be split. */
export class VirtualSwitch {
  readonly hosts: readonly VirtualHost[]
  readonly #namespace: string
  readonly #ports: ReadonlyMap<VirtualHost, string>

  constructor(namespace: string, ports: ReadonlyMap<VirtualHost, string>) {
    this.#namespace = namespace
    this.#ports = ports
    this.hosts = [...ports.keys()]
  }

  /** Separates these hosts from the others; all frames between the two groups are lost. */
  split(hosts: readonly VirtualHost[]): void {
    for (const host of hosts) this.#plug(host, 'br1')
  }

  /** Ends a split. */
  join(): void {
    for (const host of this.hosts) this.#plug(host, 'br0')
  }

  #plug(host: VirtualHost, bridge: string): void {
    ip(this.#namespace, 'link', 'set', this.#ports.get(host)!, 'master', bridge)
  }
}

/** Creates hosts and networks, and removes them all when closed, at exit at the latest. */
export class VirtualNetwork {
  static #removedStale = false
  static #namespaces = 0
  readonly #names: string[] = []
  readonly #onExit = () => this.close()
  #subnets = 0

  constructor() {
    if (!VirtualNetwork.#removedStale) removeStaleNamespaces()
    VirtualNetwork.#removedStale = true
    process.on('exit', this.#onExit)
  }

  /** A host with nothing but its loopback. */
  addHost(): VirtualHost {
    return new VirtualHost(this.#addNamespace())
  }

  /** A cable between two hosts: a subnet of their own. */
  connect(a: VirtualHost, b: VirtualHost, options: NetworkOptions = {}): void {
    const subnet = ++this.#subnets
    const [nameA, nameB] = [nextName(a), nextName(b)]
    addCable(a.namespace, nameA, b.namespace, nameB)
    const { families } = options
    const [endA, endB] = [
      { namespace: a.namespace, interface: nameA },
      { namespace: b.namespace, interface: nameB },
    ]
    attach(a, nameA, endB, { subnet, number: 1, families })
    attach(b, nameB, endA, { subnet, number: 2, families })
  }

  /** New hosts on a switch: a subnet of their own. */
  addSwitch(count: number, options: NetworkOptions = {}): VirtualSwitch {
    const subnet = ++this.#subnets
    const namespace = this.#addNamespace()
    for (const bridge of ['br0', 'br1']) {
      ip(namespace, 'link', 'add', bridge, 'type', 'bridge', 'mcast_snooping', '0')
      ip(namespace, 'link', 'set', bridge, 'up')
    }
    const ports = new Map<VirtualHost, string>()
    for (let i = 1; i <= count; i++) {
      const host = this.addHost()
      const [name, port] = [nextName(host), `port${i}`]
      addCable(host.namespace, name, namespace, port)
      ip(namespace, 'link', 'set', port, 'master', 'br0')
      const peer = { namespace, interface: port }
      attach(host, name, peer, { subnet, number: i, families: options.families })
      ports.set(host, port)
    }
    return new VirtualSwitch(namespace, ports)
  }

  /** Removes everything; programs that still run inside lose their network. */
  close(): void {
    process.off('exit', this.#onExit)
    for (const name of this.#names.splice(0)) spawnSync('ip', ['netns', 'del', name])
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #addNamespace(): string {
    const name = `opendht-${process.pid}-${++VirtualNetwork.#namespaces}`
    ip(undefined, 'netns', 'add', name)
    this.#names.push(name)
    ip(name, 'link', 'set', 'lo', 'up')
    return name
  }
}

function nextName(host: VirtualHost): string {
  return `eth${host.attachments.length}`
}

function addCable(namespaceA: string, nameA: string, namespaceB: string, nameB: string): void {
  const peer = ['peer', 'name', nameB, 'netns', namespaceB]
  ip(undefined, 'link', 'add', nameA, 'netns', namespaceA, 'type', 'veth', ...peer)
  ip(namespaceA, 'link', 'set', nameA, 'up')
  ip(namespaceB, 'link', 'set', nameB, 'up')
}

interface Place {
  readonly subnet: number
  readonly number: number
  readonly families: NetworkOptions['families']
}

function attach(host: VirtualHost, name: string, peer: Attachment['peer'], place: Place): void {
  const { subnet, number, families } = place
  const ipv4 = families === 'ipv6' ? '' : `10.77.${subnet}.${number}`
  const ipv6 = families === 'ipv4' ? '' : `fd77:${subnet}::${number.toString(16)}`
  for (const address of [ipv4, ipv6]) if (address) addAddress(host.namespace, name, address)
  host.attachments.push({ interface: name, ipv4, ipv6, peer })
}

function addAddress(namespace: string, name: string, address: string): void {
  // Without duplicate address detection, which would leave an IPv6 address unusable for a second.
  const flags = address.includes(':') ? ['nodad'] : []
  ip(namespace, 'address', 'add', withLength(address), 'dev', name, ...flags)
  // There is no default route, and IPv6 multicast needs none.
  if (!address.includes(':')) ip(namespace, 'route', 'replace', '224.0.0.0/4', 'dev', name)
}

function withLength(address: string): string {
  return address.includes(':') ? `${address}/64` : `${address}/24`
}

/** What a killed test run has left behind. */
function removeStaleNamespaces(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' })
  for (const line of list.stdout?.split('\n') ?? []) {
    const [name = ''] = line.split(' ')
    const pid = Number(NAMESPACE.exec(name)?.[1] ?? 0)
    if (pid !== 0 && !isRunning(pid)) spawnSync('ip', ['netns', 'del', name])
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
