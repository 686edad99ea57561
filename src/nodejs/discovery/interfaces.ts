// SPDX-License-Identifier: MIT
// The network interfaces of this host at one moment: over which of them the local network is
// reached, and who can be in it. An interface without a cable is none.

import { BlockList } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { type Family, SocketAddress } from '../../core/id/socket-address.ts'

/** As `os.networkInterfaces` lists them. */
export type InterfaceList = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** One way into the local network. */
export interface MulticastInterface {
  readonly name: string
  readonly family: Family
  /** What system calls name it by: an address of it for IPv4, its zone for IPv6. */
  readonly key: string
}

/** Interfaces used per family; systems allow about twenty memberships per socket. */
export const MAX_INTERFACES = 16

export class Interfaces {
  readonly used: readonly MulticastInterface[]
  /** Interfaces beyond the limit. */
  readonly omitted: number
  readonly #own = new Set<string>()
  readonly #onLink = new BlockList()

  /**
   * `bound` has the families, and the one address to keep to, as SocketAddress writes it; without,
   * all interfaces are used.
   */
  constructor(list: InterfaceList, bound: ReadonlyMap<Family, string | undefined>) {
    const entries = Object.entries(list).flatMap(([name, infos = []]) =>
      infos.map((info) => ({ name, info })),
    )
    // The loopback interface is for hosts that have no other, or whom it is asked for.
    const hasOthers = entries.some(({ info }) => !info.internal)
    const chosen: MulticastInterface[] = []
    for (const { name, info } of entries) {
      this.#own.add(canonical(info.address))
      const family = familyOf(info)
      if (!bound.has(family)) continue
      const address = bound.get(family)
      if (address === undefined ? hasOthers && info.internal : address !== canonical(info.address))
        continue
      this.#addSubnet(info)
      const isKnown = chosen.some((it) => it.family === family && it.name === name)
      if (!isKnown) chosen.push({ name, family, key: keyOf(name, info) })
    }
    this.#onLink.addSubnet('169.254.0.0', 16, 'ipv4')
    this.#onLink.addSubnet('fe80::', 10, 'ipv6')
    this.used = ([4, 6] as const).flatMap((family) =>
      chosen.filter((it) => it.family === family).slice(0, MAX_INTERFACES),
    )
    this.omitted = chosen.length - this.used.length
  }

  /** Whether it is an address of this host. */
  isOwn({ host }: SocketAddress): boolean {
    return this.#own.has(host)
  }

  /** Whether it can be an address in one of the networks used, where honest senders are. */
  isOnLink({ host, family }: SocketAddress): boolean {
    return this.#onLink.check(host, family === 4 ? 'ipv4' : 'ipv6')
  }

  /** Equal for equal interfaces. */
  toString(): string {
    const used = this.used.map(({ name, family, key }) => `${name}/${family}/${key}`)
    return [...used, ...[...this.#own].sort()].join(' ')
  }

  #addSubnet({ cidr, address, family }: NetworkInterfaceInfo): void {
    const type = family === 'IPv4' ? 'ipv4' : 'ipv6'
    this.#onLink.addAddress(address, type)
    const length = Number(cidr?.split('/')[1] ?? Number.NaN)
    if (Number.isInteger(length)) this.#onLink.addSubnet(address, length, type)
  }
}

function familyOf({ family }: NetworkInterfaceInfo): Family {
  return family === 'IPv4' ? 4 : 6
}

/** As SocketAddress writes it. */
function canonical(address: string): string {
  return SocketAddress.parse(address, 0)?.host ?? address
}

function keyOf(name: string, info: NetworkInterfaceInfo): string {
  if (info.family === 'IPv4') return info.address
  // Windows numbers its zones, and of an interface only link-local addresses tell its number.
  const isNumbered = process.platform === 'win32' && info.scopeid !== 0
  return `::%${isNumbered ? info.scopeid : name}`
}
