// SPDX-License-Identifier: MIT
// A network namespace whose datagrams take their time and get lost: many addresses on one
// loopback interface, and the shim of cpp/netdelay.c between them. Removed when closed, and at
// exit or after a signal at the latest. Needs root, iptables and libnetfilter-queue.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type VirtualHost, VirtualNetwork } from '../../test/support/netns.ts'
import { BENCH } from './context.ts'
import { Program } from './program.ts'

const SOURCE = join(BENCH, 'cpp/netdelay.c')
const PROGRAM = join(BENCH, 'build/netdelay')
const LIBRARIES = ['-lnetfilter_queue', '-lnfnetlink']
const QUEUE = '0'
const START_TIMEOUT_MS = 5000
/** Hosts of one subnet; the next one follows. */
const HOSTS = 200

export class LossyNetwork {
  readonly addresses: readonly string[]
  readonly #network: VirtualNetwork
  readonly #host: VirtualHost
  #shim: Program | undefined

  private constructor(network: VirtualNetwork, addresses: readonly string[]) {
    this.#network = network
    this.#host = network.addHost()
    this.addresses = addresses
  }

  /** With `count` addresses; delays are one way. */
  static async open(count: number, link: { delayMs: number; lossPercent: number }) {
    buildShim()
    const addresses = Array.from(
      { length: count },
      (_, i) => `10.77.${Math.floor(i / HOSTS)}.${1 + (i % HOSTS)}`,
    )
    const network = new LossyNetwork(new VirtualNetwork(), addresses)
    try {
      network.#addAddresses()
      await network.#startShim(link)
      return network
    } catch (error) {
      await network.close()
      throw error
    }
  }

  /** What to put before a command to run it inside. */
  get prefix(): readonly string[] {
    return this.#host.prefix
  }

  /** The process through which every datagram goes. */
  get shimPid(): number {
    return this.#shim!.pid
  }

  async close(): Promise<void> {
    await this.#shim?.stop()
    this.#network.close()
  }

  #addAddresses(): void {
    const lines = this.addresses.map((address) => `ip address add ${address}/16 dev lo`)
    this.#run(['sh', '-ec', lines.join('\n')])
  }

  async #startShim({ delayMs, lossPercent }: { delayMs: number; lossPercent: number }) {
    const rule = ['-A', 'OUTPUT', '-o', 'lo', '-p', 'udp', '-j', 'NFQUEUE', '--queue-num', QUEUE]
    this.#run(['iptables-legacy', ...rule])
    const command = [PROGRAM, QUEUE, `${delayMs}`, `${lossPercent}`]
    this.#shim = new Program([...this.prefix, ...command], 'netdelay')
    await this.#shim.expect(START_TIMEOUT_MS)
  }

  #run(command: readonly string[]): void {
    const { status, stderr, error } = this.#host.run(command)
    if (status !== 0) throw new Error(`${command[0]} failed: ${stderr || error?.message}`)
  }
}

function buildShim(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs >= statSync(SOURCE).mtimeMs) return
  mkdirSync(dirname(PROGRAM), { recursive: true })
  execFileSync('cc', ['-O2', '-o', PROGRAM, SOURCE, ...LIBRARIES])
}
