// SPDX-License-Identifier: MIT
// Hosts around a router, each in a subnet and a network namespace of its own. The router delays,
// loses, copies and reorders packets (net_faults.c), and can separate hosts. IPv4 only; needs root,
// iptables and libnetfilter-queue.

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { startChild, stopChild } from '../../support/child.ts'
import { type VirtualHost, VirtualNetwork } from '../../support/netns.ts'
import { compileC } from '../compile.ts'

const SOURCE = join(import.meta.dirname, 'net_faults.c')
const LIBRARIES = ['-lnetfilter_queue', '-lnfnetlink']
const STOP_MS = 3000
/** Last numbers of addresses: 1 is the router. */
const FIRST_ADDRESS = 2
const LAST_ADDRESS = 250

export interface Link {
  readonly delayMs: number
  readonly jitterMs: number
  readonly lossPercent: number
  readonly duplicationPercent: number
  readonly reorderingPercent: number
}

export const GOOD_LINK: Link = {
  delayMs: 2,
  jitterMs: 0,
  lossPercent: 0,
  duplicationPercent: 0,
  reorderingPercent: 0,
}

export interface ChaosHost {
  readonly host: VirtualHost
  readonly subnet: string
  /** As it is now. */
  address: string
}

export class ChaosNetwork {
  readonly hosts: readonly ChaosHost[]
  readonly #network = new VirtualNetwork()
  readonly #router: VirtualHost
  #shim: ChildProcessWithoutNullStreams | undefined
  #lines: Interface | undefined
  #lastNumber = FIRST_ADDRESS

  private constructor(count: number) {
    this.#router = this.#network.addHost()
    this.hosts = Array.from({ length: count }, () => this.#addHost())
  }

  static async open(count: number, seed: number): Promise<ChaosNetwork> {
    const network = new ChaosNetwork(count)
    try {
      await network.#startRouter(seed)
      return network
    } catch (error) {
      await network.close()
      throw error
    }
  }

  /** For all packets, from now on. */
  setLink(link: Link): void {
    const { delayMs, jitterMs, lossPercent, duplicationPercent, reorderingPercent } = link
    const numbers = [delayMs, jitterMs, lossPercent, duplicationPercent, reorderingPercent]
    this.#shim!.stdin.write(`${numbers.join(' ')}\n`)
  }

  /** From now on nothing passes between these hosts and the others; with none, everything does. */
  separate(group: readonly ChaosHost[]): void {
    const others = this.hosts.filter((host) => !group.includes(host))
    const pairs = group.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]))
    const rules = pairs.map(([a, b]) => `-A SPLIT -s ${a.subnet} -d ${b.subnet} -j DROP\n`)
    this.#restore(`-F SPLIT\n${rules.join('')}`)
  }

  /** Gives the host another address, as a router of a provider does; nobody tells its programs. */
  changeAddress(host: ChaosHost): void {
    this.#lastNumber = this.#lastNumber === LAST_ADDRESS ? FIRST_ADDRESS : this.#lastNumber + 1
    const { interface: name } = host.host.attachments[0]!
    const [prefix = ''] = /^\d+\.\d+\.\d+/.exec(host.address) ?? []
    const next = `${prefix}.${this.#lastNumber}`
    if (next === host.address) return
    run(
      host.host,
      `ip address del ${host.address}/24 dev ${name}
      ip address add ${next}/24 dev ${name}
      ip route replace default via ${prefix}.1`,
    )
    host.address = next
  }

  /** Removes everything. Resolves to what the router counted. */
  async close(): Promise<string> {
    let counted = ''
    this.#lines?.on('line', (line) => (counted = line))
    if (this.#shim !== undefined) {
      this.#shim.stdin.end()
      await stopChild(this.#shim, STOP_MS)
    }
    this.#network.close()
    return counted
  }

  #addHost(): ChaosHost {
    const host = this.#network.addHost()
    // The router is the first end, and so has the number 1.
    this.#network.connect(this.#router, host, { families: 'ipv4' })
    const address = host.ipv4
    const [prefix = ''] = /^\d+\.\d+\.\d+/.exec(address) ?? []
    run(host, `ip route replace default via ${prefix}.1`)
    return { host, address, subnet: `${prefix}.0/24` }
  }

  async #startRouter(seed: number): Promise<void> {
    run(this.#router, 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    this.#restore(`:SPLIT - [0:0]
-A FORWARD -j SPLIT
-A FORWARD -p udp -j NFQUEUE --queue-num 0
`)
    const command = [compileC(SOURCE, LIBRARIES), '0', `${seed}`]
    this.#shim = startChild(command, { prefix: this.#router.prefix })
    this.#shim.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#shim.stdout })
    const ended = once(this.#shim, 'exit').then(() => {
      throw new Error('The program that makes faults ended')
    })
    await Promise.race([once(this.#lines, 'line'), ended])
    ended.catch(() => undefined)
    this.setLink(GOOD_LINK)
  }

  #restore(rules: string): void {
    run(this.#router, `iptables-legacy-restore -n <<'END'\n*filter\n${rules}COMMIT\nEND\n`)
  }
}

function run(host: VirtualHost, script: string): void {
  const { status, stderr, error } = host.run(['sh', '-ec', script])
  if (status !== 0) throw new Error(`${script}\n${stderr || error?.message}`)
}
